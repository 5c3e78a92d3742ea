/** The write-ahead log cannot be used as it is. Nothing has been changed; it names the file and the place in it. */
export class WalError extends Error {
  override readonly name = "WalError";
  readonly file: string;
  readonly offset: number;

  constructor(reason: string, file: string, offset = 0, options?: ErrorOptions) {
    super(`wal: ${reason} in ${file} at offset ${offset}`, options);
    this.file = file;
    this.offset = offset;
  }
}
