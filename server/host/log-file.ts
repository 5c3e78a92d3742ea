import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { putAside, type BackupRules } from "./log-backups.ts";

/** When a file is put aside, and what becomes of the ones that were. */
export interface LogFileRotation extends BackupRules {
  /** A file that the next line would make larger is put aside first. */
  readonly maxBytes: number;
}

/**
 * A file that lines are appended to, synchronously: a line that explains an exit must not be lost in it. With `rotation`
 * it is put aside as it grows, as etcd does it (lumberjack). The libraries that rotate write from a worker or a stream,
 * and would lose the last lines of a process that ends at once.
 */
export class LogFile {
  readonly #path: string;
  readonly #rotation: LogFileRotation | undefined;
  #descriptor: number;
  #bytes: number;

  /** Opens it, at its end. Throws the system's error if it cannot be written. */
  constructor(path: string, rotation?: LogFileRotation) {
    this.#path = path;
    this.#rotation = rotation;
    this.#descriptor = openSync(path, "a", 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }

  /** Appends a line, its end included. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    const { maxBytes } = this.#rotation ?? { maxBytes: Infinity };
    if (this.#bytes > 0 && this.#bytes + bytes.length > maxBytes) this.#rotate();
    for (let written = 0; written < bytes.length;) written += writeSync(this.#descriptor, bytes, written);
    this.#bytes += bytes.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    if (this.#rotation) putAside(this.#path, this.#rotation, new Date());
    this.#descriptor = openSync(this.#path, "a", 0o600);
    this.#bytes = fstatSync(this.#descriptor).size;
  }
}
