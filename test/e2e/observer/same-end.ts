/** What an operation has to end with, whether or not the operator was killed meanwhile. */
export interface End {
  readonly clusterId: string;
  /** Pods that vote, by name. */
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  readonly pods: readonly string[];
  readonly claims: readonly string[];
  /** Ids of all members that there ever were. A step that was done twice leaves one more. */
  readonly everMembers: number;
  readonly isAvailable: boolean;
  /** Nothing is in flight any more. */
  readonly isSettled: boolean;
}

/** I8: an operator that is killed and resumes comes to the same end. */
export function sameEnd(expected: End, found: End): readonly string[] {
  return (Object.keys(expected) as (keyof End)[]).flatMap((field) => {
    const [want, have] = [text(expected[field]), text(found[field])];
    return want === have ? [] : [`${field} is ${have} instead of ${want}`];
  });
}

function text(value: End[keyof End]): string {
  if (typeof value !== "object") return String(value);
  return `[${value.toSorted((a, b) => a.localeCompare(b)).join(" ")}]`;
}
