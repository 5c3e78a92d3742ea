import type { StateMachine } from "../apply/state-machine.ts";
import type { Store } from "../backend/store.ts";
import type { ConfState } from "../proto/raft-message.ts";

/**
 * The replicated state of this member: the machine in memory and the store under it. Both are replaced together
 * when a snapshot from the leader is installed, so nobody may keep one of them across an await.
 */
export interface Replica {
  machine: StateMachine;
  store: Store;
  /** The folder that the store lives in. */
  storeFolder: string;
  /** Raft's configuration as of the last applied entry. */
  confState: ConfState;
}
