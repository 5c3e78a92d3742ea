/** HashKV of one member. */
export interface MemberHash {
  readonly member: string;
  /** Up to which the hash goes. */
  readonly revision: number;
  readonly hash: number;
  readonly compactRevision: number;
}

/** I6: at the end, the data are equal over all members at one revision. */
export function equalData(hashes: readonly MemberHash[]): readonly string[] {
  if (hashes.length === 0) return ["no member gave a hash of its data"];
  const kinds = new Set(hashes.map(({ revision, hash, compactRevision }) => `${revision}/${hash}/${compactRevision}`));
  if (kinds.size === 1) return [];
  const rows = hashes.map(
    ({ member, hash, revision, compactRevision }) =>
      `${member} has ${String(hash)} at ${String(revision)} (compacted at ${String(compactRevision)})`,
  );
  return [`the data differ: ${rows.join(", ")}`];
}
