import * as fs from "node:fs";
import * as path from "node:path";
import type { Disk, DiskFile } from "../ports/disk.ts";
import { DiskError } from "../ports/disk-error.ts";
import { holdProcessLock } from "./process-lock.ts";

/** Only the owner may see the data: etcd's PrivateFileMode and PrivateDirMode. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** POSIX IOV_MAX: more buffers than this go in several calls. */
const MAX_BUFFERS_PER_CALL = 1024;
/** `allocate` writes zeros in steps of this size, and syncs after some steps so that no single sync grows long. */
const ZERO_STEP_BYTES = 1024 * 1024;
const ZERO_STEPS_PER_SYNC = 8;

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const OPEN_FLAGS = {
  create: O_RDWR | O_CREAT | O_EXCL,
  write: O_RDWR | O_CREAT,
  existing: O_RDWR,
  read: O_RDONLY,
} as const;

/** The file system of this machine. Every call runs in libuv's pool, so the event loop never waits for a disk. */
export const nodeDisk: Disk = {
  async open(file, mode) {
    const descriptor = await call<number>("open", file, (done) => fs.open(file, OPEN_FLAGS[mode], FILE_MODE, done));
    return new NodeFile(file, descriptor);
  },
  async list(folder) {
    const names = await call<string[]>("list", folder, (done) => fs.readdir(folder, done));
    return names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  },
  async exists(file) {
    try {
      await call("stat", file, (done) => fs.stat(file, done));
      return true;
    } catch (error) {
      if (error instanceof DiskError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return false;
      throw error;
    }
  },
  async makeFolder(folder) {
    await call("make folder", folder, (done) => fs.mkdir(folder, { recursive: true, mode: FOLDER_MODE }, done));
  },
  async rename(from, to) {
    await call("rename", from, (done) => fs.rename(from, to, done));
  },
  async remove(file) {
    await call("remove", file, (done) => fs.rm(file, { recursive: true, force: true }, done));
  },
  async syncFolder(folder) {
    const descriptor = await call<number>("open folder", folder, (done) => fs.open(folder, O_RDONLY, done));
    try {
      await call("sync folder", folder, (done) => fs.fsync(descriptor, done));
    } finally {
      await call("close folder", folder, (done) => fs.close(descriptor, done));
    }
  },
  lock: (file) => holdProcessLock(path.resolve(file)),
};

/** One open descriptor. Calls may overlap; whoever needs an order awaits. */
class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(file: string, descriptor: number) {
    this.path = file;
    this.#descriptor = descriptor;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    let left = buffers.filter((buffer) => buffer.length > 0);
    let at = position;
    while (left.length > 0) {
      const now = left.slice(0, MAX_BUFFERS_PER_CALL);
      const from = at;
      const written = await call<number>("write", this.path, (done) => fs.writev(this.#descriptor, now, from, done));
      left = afterBytes(left, written);
      at += written;
    }
  }

  async read(position: number, length: number, into?: Uint8Array): Promise<Uint8Array> {
    // Not from Buffer's pool: the caller may keep it. Not zeroed: what was not read is cut off.
    const whole = into ?? Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const from = filled;
      const count = await call<number>("read", this.path, (done) =>
        fs.read(this.#descriptor, whole, from, length - from, position + from, done),
      );
      if (count === 0) break;
      filled += count;
    }
    return new Uint8Array(whole.buffer, whole.byteOffset, filled);
  }

  async datasync(): Promise<void> {
    await call("fdatasync", this.path, (done) => fs.fdatasync(this.#descriptor, done));
  }

  async size(): Promise<number> {
    const stats = await call<fs.Stats>("stat", this.path, (done) => fs.fstat(this.#descriptor, done));
    return stats.size;
  }

  /** Node has no fallocate; zeros written are blocks reserved, and later writes need no new metadata. */
  async allocate(size: number): Promise<void> {
    const zeros = new Uint8Array(ZERO_STEP_BYTES);
    let steps = 0;
    for (let position = await this.size(); position < size; position += ZERO_STEP_BYTES) {
      await this.write([zeros.subarray(0, Math.min(ZERO_STEP_BYTES, size - position))], position);
      if (++steps % ZERO_STEPS_PER_SYNC === 0) await this.datasync();
    }
    await this.datasync();
  }

  async truncate(size: number): Promise<void> {
    await call("truncate", this.path, (done) => fs.ftruncate(this.#descriptor, size, done));
  }

  async close(): Promise<void> {
    await call("close", this.path, (done) => fs.close(this.#descriptor, done));
  }
}

/** What is left of the buffers after a write that may have been short. */
function afterBytes(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let rest = written;
  const left: Uint8Array[] = [];
  for (const buffer of buffers) {
    if (rest >= buffer.length) rest -= buffer.length;
    else {
      left.push(rest === 0 ? buffer : buffer.subarray(rest));
      rest = 0;
    }
  }
  return left;
}

/** Callback functions of node:fs are quicker than fs/promises, and their errors get the path here. */
function call<T = unknown>(
  operation: string,
  file: string,
  run: (done: (error: Error | null, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    run((error, result) => {
      if (error) reject(new DiskError(operation, file, error));
      else resolve(result as T);
    });
  });
}
