/** One member as the member list has it. */
export interface ListedMember {
  readonly id: string;
  readonly name: string;
  readonly isLearner: boolean;
  readonly peerUrl: string;
}

/** What a process said about itself. */
export interface AnsweredStatus {
  readonly memberId: string;
  readonly clusterId: string;
  readonly isLeader: boolean;
  /** Whether it knows a leader. */
  readonly hasLeader: boolean;
  readonly raftTerm: number;
}

/** One pod at a moment. */
export interface SeenPod {
  readonly name: string;
  readonly uid: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  /** Whether the scenario itself deletes or breaks this very pod. */
  readonly isOurDoing: boolean;
  /** Undefined when the process gave no answer. */
  readonly process?: AnsweredStatus;
}

/** Everything about one cluster at one moment; what the invariants are judged by. */
export interface Look {
  readonly atMs: number;
  readonly wanted: number;
  readonly isDeleting: boolean;
  readonly generation: number;
  readonly observedGeneration?: number;
  /** What status says. */
  readonly isAvailable: boolean;
  readonly latchedClusterId?: string;
  readonly pods: readonly SeenPod[];
  /** A linearizable list; undefined when no member gave one. */
  readonly members?: readonly ListedMember[];
  /** The cluster's id in the header of that answer. */
  readonly listedClusterId?: string;
  /** Whether a linearizable read succeeded anywhere. */
  readonly isReadable: boolean;
}

/** The members that vote. */
export function votersOf({ members = [] }: Look): readonly ListedMember[] {
  return members.filter(({ isLearner }) => !isLearner);
}

/** A moment in words, seconds after the first look. */
export function momentOf(look: Pick<Look, "atMs">, first: Pick<Look, "atMs"> | undefined): string {
  return `${((look.atMs - (first ?? look).atMs) / 1000).toFixed(1)} s`;
}
