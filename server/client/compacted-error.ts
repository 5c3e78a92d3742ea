/**
 * The history that a watch or a read was to begin with is gone. Changes may have been missed: read the present state,
 * then watch from the revision of that answer on.
 */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  /** What is still there begins here; undefined where the server does not say it. */
  readonly compactRevision: number | undefined;

  constructor(compactRevision?: number, options?: ErrorOptions) {
    const before = compactRevision === undefined ? "" : ` before revision ${String(compactRevision)}`;
    super(`the history${before} has been compacted: read the present state and watch from there on`, options);
    this.compactRevision = compactRevision;
  }
}
