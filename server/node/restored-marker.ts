/**
 * What a restore leaves in the volume beside the data that it made, so that they are told from data that somebody forgot:
 * for which cluster, and out of which backup.
 */
export interface RestoredMarker {
  readonly clusterUid: string;
  readonly backup: string;
}

/** Reads the file; throws a SyntaxError that says what is wrong with it. Further fields are allowed. */
export function parseRestoredMarker(text: string): RestoredMarker {
  const value: unknown = JSON.parse(text);
  const { clusterUid, backup } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof clusterUid !== "string" || clusterUid === "") throw new SyntaxError("it names no clusterUid");
  return { clusterUid, backup: typeof backup === "string" ? backup : "an unnamed backup" };
}
