import type { Random } from "../../../server/base/prng.ts";

/** What differs from run to run besides the course of events: some bugs need much peace, others little. */
export interface Circumstances {
  readonly members: number;
  readonly longestPeaceMs: number;
  readonly strictReconfigCheck: boolean;
  readonly preVote: boolean;
  readonly snapshotCount: number;
  readonly snapshotCatchUpEntries: number;
  readonly walSegmentBytes: number;
}

/** One of each kind. */
export function drawCircumstances(random: Random): Circumstances {
  const draw = <T>(choices: readonly [T, ...T[]]): T => choices[random.below(choices.length)] ?? choices[0];
  return {
    members: draw([1, 3, 3, 3, 5]),
    longestPeaceMs: draw([1000, 2000, 6000, 20_000]),
    strictReconfigCheck: draw([true, false, false]),
    preVote: draw([true, true, true, false]),
    snapshotCount: draw([10, 25, 100]),
    snapshotCatchUpEntries: draw([0, 5, 20]),
    walSegmentBytes: draw([4096, 16_384, 65_536]),
  };
}
