/** On whose behalf something is asked for, and the revision of the auth store at which that was proven. */
export interface Caller {
  readonly username: string;
  /** 0: nobody has proven anything. */
  readonly revision: number;
}

/** Who has not said who it is. */
export const NOBODY: Caller = { username: "", revision: 0 };
