/** Leases that may expire within one second after a change of the leader; three quarters of the revoke rate. */
const EXPIRIES_PER_SECOND = 750;

/**
 * Where too many leases fall due within a second (they were all refreshed at once), the later ones get more time:
 * no second may hold more than the cluster can revoke. Returns those that move, with their new expiry.
 */
export function spreadExpiries<T extends { readonly expiryMs: number }>(
  leases: readonly T[],
): readonly (readonly [T, number])[] {
  const moved: (readonly [T, number])[] = [];
  const spread: number[] = [];
  for (const lease of leases.toSorted((a, b) => a.expiryMs - b.expiryMs)) {
    const earliest = (spread[spread.length - EXPIRIES_PER_SECOND] ?? -Infinity) + 1000;
    const expiryMs = Math.max(lease.expiryMs, earliest);
    spread.push(expiryMs);
    if (expiryMs !== lease.expiryMs) moved.push([lease, expiryMs]);
  }
  return moved;
}
