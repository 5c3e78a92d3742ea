import { NO_NODE } from "../base/ids.ts";
import type { Index, NodeId, Term } from "../base/ids.ts";
import type { Message } from "../proto/raft-message.ts";
import type { Members } from "./conf-changer.ts";
import { Log } from "./log.ts";
import { ProgressTracker } from "./progress-tracker.ts";
import type { RaftConfig } from "./raft-config.ts";
import { ReadQueue } from "./read-queue.ts";
import type { ReadState } from "./read-queue.ts";
import type { Role } from "./status.ts";

/**
 * Everything that one member knows. It is owned by a RawNode; the modules of this folder are functions that
 * change it, so that each role and each exchange has a file of its own.
 */
export interface RaftState {
  readonly id: NodeId;
  readonly config: RaftConfig;
  readonly log: Log;
  readonly tracker: ProgressTracker;
  /**
   * While a received snapshot is on its way to the application: the configuration at which the application still
   * is. The tracker has the snapshot's already, and changes from before it must not touch that.
   */
  membersBeforeSnapshot: Members | undefined;
  role: Role;
  term: Term;
  vote: NodeId;
  leader: NodeId;
  isLearner: boolean;
  /** Ticks since the last election or, for a follower, since the leader was heard of. */
  electionElapsed: number;
  heartbeatElapsed: number;
  /** After how many ticks an election begins; drawn when it first matters in a term. */
  randomizedElectionTicks: number | undefined;
  leadTransferee: NodeId;
  /** No membership change is proposed before this index is applied: at most one is under way. */
  pendingConfIndex: Index;
  /** Payload bytes that the leader appended and that are not applied yet; an estimate that is never too high. */
  uncommittedSize: number;
  reads: ReadQueue;
  /** Reads that came before the leader had committed an entry of its term. */
  earlyReads: Message[];
  readStates: ReadState[];
  /** May be sent at once. */
  messages: Message[];
  /** Promises: to be sent when everything that is unstable now is on disk. Some are for this member itself. */
  messagesAfterAppend: Message[];
}

/** A follower that knows nothing but its log. */
export function newRaftState(config: RaftConfig): RaftState {
  return {
    id: config.id,
    config,
    log: new Log(config.storage, config.maxCommittedSizePerReady),
    tracker: new ProgressTracker(config),
    membersBeforeSnapshot: undefined,
    role: "follower",
    term: 0,
    vote: NO_NODE,
    leader: NO_NODE,
    isLearner: false,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    randomizedElectionTicks: undefined,
    leadTransferee: NO_NODE,
    pendingConfIndex: 0,
    uncommittedSize: 0,
    reads: new ReadQueue(),
    earlyReads: [],
    readStates: [],
    messages: [],
    messagesAfterAppend: [],
  };
}
