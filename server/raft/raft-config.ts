import { assert } from "../base/assert.ts";
import { NO_NODE } from "../base/ids.ts";
import type { Index, NodeId } from "../base/ids.ts";
import type { Random } from "../base/prng.ts";
import { isLocalTarget } from "./local-target.ts";
import type { Storage } from "./storage.ts";

/** How a linearizable read is confirmed: by asking a quorum, or by trusting the leader's lease and all clocks. */
export type ReadOnlyOption = "safe" | "lease-based";

/** What a member runs with. Sizes are in bytes; `Infinity` means no limit. */
export interface RaftConfig {
  readonly id: NodeId;
  /** Ticks without a leader until an election, at least; at most one less than twice as many. */
  readonly electionTicks: number;
  /** Ticks between a leader's heartbeats. */
  readonly heartbeatTicks: number;
  readonly storage: Storage;
  /** The last index that the application has applied; only a restart has one. */
  readonly applied: Index;
  /** Storage is written through messages that are answered when it is done, instead of by `advance`. */
  readonly asyncStorageWrites: boolean;
  /** Wire bytes of the entries in one append message; one entry is always sent. */
  readonly maxSizePerMessage: number;
  /** Wire bytes of committed entries that are handed out and not yet applied; 0 means `maxSizePerMessage`. */
  readonly maxCommittedSizePerReady: number;
  /** Payload bytes that a leader takes on before they commit; beyond that it drops proposals. 0: no limit. */
  readonly maxUncommittedEntriesSize: number;
  /** Append messages in flight to one follower. */
  readonly maxInflightMessages: number;
  /** Payload bytes in flight to one follower; 0: no limit. */
  readonly maxInflightBytes: number;
  /** A leader that does not hear of a quorum steps down, and its followers keep to it while they hear of it. */
  readonly checkQuorum: boolean;
  /** Ask whether an election could be won before raising the term (Raft thesis 9.6). */
  readonly preVote: boolean;
  readonly readOnly: ReadOnlyOption;
  /** Followers drop proposals instead of forwarding them to the leader. */
  readonly disableProposalForwarding: boolean;
  /** Propose membership changes even when the present configuration does not seem to allow them. */
  readonly disableConfChangeValidation: boolean;
  /** A leader that is removed or demoted steps down. */
  readonly stepDownOnRemoval: boolean;
  readonly random: Random;
}

/** Checks a configuration and puts the meant limits where 0 stands. */
export function resolveConfig(config: RaftConfig): RaftConfig {
  assert(config.id !== NO_NODE && !isLocalTarget(config.id), "a member has an id of its own");
  assert(config.heartbeatTicks > 0, "a heartbeat takes at least one tick");
  assert(config.electionTicks > config.heartbeatTicks, "an election takes longer than a heartbeat");
  assert(config.maxInflightMessages > 0, "at least one message may be in flight");
  assert(config.readOnly === "safe" || config.checkQuorum, "a lease needs the quorum check");
  const maxInflightBytes = config.maxInflightBytes || Infinity;
  assert(maxInflightBytes >= config.maxSizePerMessage || config.maxInflightBytes === 0, "one message fits in flight");
  return {
    ...config,
    maxInflightBytes,
    maxCommittedSizePerReady: config.maxCommittedSizePerReady || config.maxSizePerMessage || Infinity,
    maxUncommittedEntriesSize: config.maxUncommittedEntriesSize || Infinity,
  };
}
