/** A cluster, as far as an upgrade of the operator is concerned. */
export interface UpgradeCandidate {
  /** `namespace/name`. */
  readonly key: string;
  /** `Waiting`: its pods are to be rolled because the operator is another one. `Rolling`: they are being rolled. */
  readonly state: "UpToDate" | "Waiting" | "Rolling";
  readonly isWell: boolean;
}

/**
 * The cluster whose turn it is after an upgrade of the operator: one at a time, so that a release that harms clusters harms
 * one. Nobody's turn comes while another one's pods are being rolled, however long that takes. Those that are well go
 * first; the order of names makes every look choose the same.
 */
export function upgradeTurn(candidates: readonly UpgradeCandidate[]): string | undefined {
  const rolling = inOrder(candidates.filter(({ state }) => state === "Rolling"));
  const waiting = inOrder(candidates.filter(({ state }) => state === "Waiting"));
  const next = rolling[0] ?? waiting.find(({ isWell }) => isWell) ?? waiting[0];
  return next?.key;
}

function inOrder(candidates: readonly UpgradeCandidate[]): readonly UpgradeCandidate[] {
  return candidates.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}
