import { concatBytes } from "../../../server/base/bytes.ts";
import type { Index, NodeId } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import type { ConfState, Entry, HardState, Message, Snapshot } from "../../../server/proto/raft-message.ts";
import { asConfChangeV2, confChangeOfEntry } from "../../../server/raft/conf-change.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import type { RaftConfig } from "../../../server/raft/raft-config.ts";
import { RawNode } from "../../../server/raft/raw-node.ts";

/** Elections wait as long as a script demands. */
export class ScriptedRandom implements Random {
  next = 0;
  below(): number {
    return this.next;
  }
}

/** Storage whose snapshot is always the latest state of the application. */
class HistoryStorage extends MemoryStorage {
  readonly history: Snapshot[];
  constructor(history: Snapshot[]) {
    super();
    this.history = history;
  }
  override snapshot(): Snapshot {
    return this.history.at(-1)!;
  }
}

/** A member of the scripts: its node, its storage, its queues of storage work, and all its states so far. */
export class InteractionMember {
  readonly config: RaftConfig;
  readonly node: RawNode;
  readonly storage: MemoryStorage;
  readonly random = new ScriptedRandom();
  readonly appendWork: Message[] = [];
  readonly applyWork: Message[] = [];
  readonly #history: Snapshot[];

  constructor(id: NodeId, config: Omit<RaftConfig, "id" | "storage" | "random">, start: Snapshot) {
    this.#history = [start];
    this.storage = new HistoryStorage(this.#history);
    if (start.metadata.index > 0) this.storage.applySnapshot(start);
    this.config = { ...config, id, storage: this.storage, random: this.random };
    this.node = new RawNode(this.config);
  }

  /** The latest state of the application. */
  get snapshot(): Snapshot {
    return this.#history.at(-1)!;
  }

  write(hardState: HardState | undefined, entries: readonly Entry[], snapshot: Snapshot | undefined): void {
    if (hardState !== undefined) this.storage.setHardState(hardState);
    if (snapshot === undefined) this.storage.append(entries);
    else this.storage.applySnapshot(snapshot);
  }

  /** The application appends the data of every entry to its state. */
  apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const change = confChangeOfEntry(entry);
      const last = this.snapshot;
      const confState = change === undefined ? last.metadata.confState : this.node.applyConfChange(change);
      this.#record(entry, confState, change === undefined ? entry.data : asConfChangeV2(change).context);
    }
  }

  #record({ index, term }: { index: Index; term: number }, confState: ConfState, update: Uint8Array | undefined): void {
    const data = concatBytes([this.snapshot.data ?? new Uint8Array(), update ?? new Uint8Array()]);
    this.#history.push({ data, metadata: { index, term, confState } });
  }
}
