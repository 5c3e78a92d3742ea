import type { NodeId } from "../../../server/base/ids.ts";
import { seededRandom } from "../../../server/base/prng.ts";
import type { ConfState, Message } from "../../../server/proto/raft-message.ts";
import { confChangeOfEntry } from "../../../server/raft/conf-change.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import type { RaftConfig } from "../../../server/raft/raft-config.ts";
import { RawNode } from "../../../server/raft/raw-node.ts";
import type { ReadState } from "../../../server/raft/read-queue.ts";

/** Options that a test may change. */
export type GroupOptions = Partial<Omit<RaftConfig, "id" | "storage" | "random">>;

/** Members with synchronous storage and a network that delivers in order, except to those that are cut off. */
export class RawNodeGroup {
  readonly nodes = new Map<NodeId, RawNode>();
  readonly storages = new Map<NodeId, MemoryStorage>();
  readonly applied = new Map<NodeId, string[]>();
  readonly readStates = new Map<NodeId, ReadState[]>();
  readonly cutOff = new Set<NodeId>();
  /** Every message that was sent. */
  readonly sent: Message[] = [];
  #messages: Message[] = [];

  constructor(confState: Partial<ConfState> & { readonly voters: readonly NodeId[] }, options: GroupOptions = {}) {
    const full = { learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false, ...confState };
    for (const id of [...full.voters, ...full.learners]) {
      const storage = new MemoryStorage();
      storage.applySnapshot({ data: undefined, metadata: { index: 1, term: 1, confState: full } });
      storage.setHardState({ term: 1, vote: 0n, commit: 1 });
      this.storages.set(id, storage);
      this.nodes.set(id, new RawNode({ ...defaults, ...options, id, storage, random: seededRandom(Number(id)) }));
      this.applied.set(id, []);
      this.readStates.set(id, []);
    }
  }

  node(id: NodeId): RawNode {
    return this.nodes.get(id)!;
  }

  /** Elects a member and lets the group come to rest. */
  elect(id: NodeId): RawNode {
    this.node(id).campaign();
    this.settle();
    return this.node(id);
  }

  /** Lets everyone work and exchange messages until there is nothing left to do. */
  settle(): void {
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      for (const [id, node] of this.nodes) {
        for (; node.hasReady(); isBusy = true) this.#work(id, node);
      }
      const messages = this.#messages;
      this.#messages = [];
      for (const message of messages) {
        if (!this.cutOff.has(message.from) && !this.cutOff.has(message.to)) this.nodes.get(message.to)?.step(message);
        isBusy = true;
      }
    }
  }

  /** Ticks one member. */
  tick(id: NodeId, times: number): void {
    for (let i = 0; i < times; i++) this.node(id).tick();
  }

  #work(id: NodeId, node: RawNode): void {
    const ready = node.ready();
    const storage = this.storages.get(id)!;
    if (ready.hardState !== undefined) storage.setHardState(ready.hardState);
    if (ready.snapshot !== undefined) storage.applySnapshot(ready.snapshot);
    storage.append(ready.entries);
    this.#messages.push(...ready.messages);
    this.sent.push(...ready.messages);
    this.readStates.get(id)!.push(...ready.readStates);
    for (const entry of ready.committedEntries) {
      const change = confChangeOfEntry(entry);
      if (change !== undefined) node.applyConfChange(change);
      else if (entry.data !== undefined) this.applied.get(id)!.push(new TextDecoder().decode(entry.data));
    }
    node.advance();
  }
}

/** Bytes of a text, for proposals and contexts. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const defaults: Omit<RaftConfig, "id" | "storage" | "random"> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  applied: 1,
  asyncStorageWrites: false,
  maxSizePerMessage: Infinity,
  maxCommittedSizePerReady: 0,
  maxUncommittedEntriesSize: 0,
  maxInflightMessages: 256,
  maxInflightBytes: 0,
  checkQuorum: true,
  preVote: true,
  readOnly: "safe",
  disableProposalForwarding: false,
  disableConfChangeValidation: false,
  stepDownOnRemoval: false,
};
