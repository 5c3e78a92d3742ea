/** An open file. Every method rejects with a DiskError that names the file. */
export interface DiskFile {
  readonly path: string;
  /** Writes all the buffers one after the other from `position` on. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>;
  /**
   * Up to `length` bytes from `position`; shorter only at the end of the file. They are a view on `into` if it is
   * given (at least `length` bytes, not to be touched meanwhile): whoever reads much keeps its memory steady so.
   */
  read(position: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Data and size are on disk when it resolves (fdatasync). A failure must end the process: design decision 13. */
  datasync(): Promise<void>;
  size(): Promise<number>;
  /** Reserves space and sets the size; new bytes read as zero. */
  allocate(size: number): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** Held until released or until the process ends. */
export interface DiskLock {
  release(): Promise<void>;
}

/** The file system as the server needs it; the simulation's form can drop what was not synced. */
export interface Disk {
  /** "create" fails if the file exists, "write" opens or creates it, "read" and "existing" (read and write) want it to exist. */
  open(path: string, mode: "create" | "write" | "existing" | "read"): Promise<DiskFile>;
  /** File names without their folder, sorted bytewise; rejects if there is no such folder. */
  list(path: string): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  /** Makes the folder and its parents with mode 0700. */
  makeFolder(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all that is in it; nothing happens if there is none. */
  remove(path: string): Promise<void>;
  /** Makes the entries of the folder (new, renamed and removed names) durable. */
  syncFolder(path: string): Promise<void>;
  /** Refuses with a DiskError if another process holds it. */
  lock(path: string): Promise<DiskLock>;
}
