import { readFileSync } from "node:fs";

/** The kernel's unit of CPU time in /proc; 100 on every Linux that we know. */
const TICKS_PER_SECOND = 100;

/** What the kernel says about a process's memory, in bytes. */
export interface ProcessMemory {
  readonly rss: number;
  /** Anonymous memory: heap and buffers, without pages of files. */
  readonly anonymous: number;
}

/** Reads /proc/PID/status. */
export function processMemory(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
  return { rss: field("VmRSS"), anonymous: field("RssAnon") };
}

/** Seconds of CPU that a process has used since its start. */
export function processCpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
  // The name before may hold spaces; after its closing parenthesis come state (3) and the rest.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Bytes as MiB with one digit. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
