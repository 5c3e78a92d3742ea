/** The file is no snapshot, or a damaged one; it names the file. */
export class SnapshotError extends Error {
  override readonly name = "SnapshotError";
  readonly file: string;

  constructor(reason: string, file: string) {
    super(`snapshot ${file}: ${reason}`);
    this.file = file;
  }
}
