import { join } from "node:path";
import type { Disk, DiskFile } from "../ports/disk.ts";

/** The name of the segment to come; readers of a WAL pass over files that end so. */
const PREPARED_FILE = "0.tmp";

/** Makes the next segment before it is needed, so that a full segment does not hold up the log. */
export class SegmentPreparer {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #segmentBytes: number;
  #next: Promise<DiskFile> | undefined;

  constructor(disk: Disk, folder: string, segmentBytes: number) {
    this.#disk = disk;
    this.#path = join(folder, PREPARED_FILE);
    this.#segmentBytes = segmentBytes;
  }

  /** Begins in the background, unless it has begun. */
  start(): void {
    if (this.#next) return;
    this.#next = this.#make(true);
    // A failure, such as a full disk, counts once the segment is needed.
    this.#next.catch(() => {});
  }

  /** The next segment, under its temporary name. Space is reserved only if it was begun early enough. */
  async take(): Promise<{ readonly file: DiskFile; readonly path: string }> {
    const next = this.#next ?? this.#make(false);
    this.#next = undefined;
    return { file: await next, path: this.#path };
  }

  /** Removes what was prepared, also by an earlier process. */
  async discard(): Promise<void> {
    const file = await this.#next?.catch(() => undefined);
    this.#next = undefined;
    await file?.close();
    await this.#disk.remove(this.#path);
  }

  async #make(isReserved: boolean): Promise<DiskFile> {
    const file = await this.#disk.open(this.#path, "write");
    await file.truncate(0);
    if (isReserved) await file.allocate(this.#segmentBytes);
    else await file.truncate(this.#segmentBytes);
    return file;
  }
}
