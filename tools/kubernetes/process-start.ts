import { readFileSync } from "node:fs";

/** One process for good: its id, which another may get later, and when it started. */
export function processMark(pid: number): string | undefined {
  const start = startTime(pid);
  return start === undefined ? undefined : `${String(pid)} ${start}`;
}

/** The id of the process with this mark, if it still runs. */
export function markedProcess(mark: string): number | undefined {
  const pid = Number(mark.split(" ")[0]);
  return processMark(pid) === mark ? pid : undefined;
}

/** In the kernel's ticks; undefined if the process is gone or only waits to be buried. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
