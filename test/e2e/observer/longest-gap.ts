/** The longest time without an acknowledged write, from the first to the last of these moments. */
export function longestGap(momentsMs: readonly number[]): number {
  let longest = 0;
  for (const [at, moment] of momentsMs.entries()) longest = Math.max(longest, moment - (momentsMs[at - 1] ?? moment));
  return longest;
}
