import { beforeEach, describe, expect, test } from "vitest";
import type { ApplyBatch, ApplyQueue } from "../../../server/node/apply-queue.ts";
import type { Proposals } from "../../../server/node/proposals.ts";
import type { ReadGate } from "../../../server/node/read-gate.ts";
import { ReadyLoop } from "../../../server/node/ready-loop.ts";
import { DiskError } from "../../../server/ports/disk-error.ts";
import type { Network } from "../../../server/ports/network.ts";
import { MessageType, type Entry, type Message } from "../../../server/proto/raft-message.ts";
import { LOCAL_APPEND_TARGET, LOCAL_APPLY_TARGET } from "../../../server/raft/local-target.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import type { RawNode } from "../../../server/raft/raw-node.ts";
import type { Ready } from "../../../server/raft/ready.ts";
import type { Wal, WalAppend } from "../../../server/wal/wal.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const SELF = 1n;
const OTHER = 2n;
const NO_READY: Ready = {
  softState: undefined,
  hardState: undefined,
  readStates: [],
  entries: [],
  snapshot: undefined,
  committedEntries: [],
  messages: [],
  mustSync: false,
};
const confState = { voters: [SELF, OTHER], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

function message(fields: Partial<Message>): Message {
  return makeMessage({ type: MessageType.Heartbeat, to: OTHER, from: SELF, ...fields });
}

function entry(index: number): Entry {
  return { type: 0, term: 1, index, data: new Uint8Array() };
}

/** The wish to write entries, with answers that may leave once that is done. */
function append(fields: Partial<Message>): Message {
  return message({ type: MessageType.StorageAppend, to: LOCAL_APPEND_TARGET, ...fields });
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock whose turns of the event loop end when the test says so. */
class TurnClock extends ManualClock {
  #next: (() => void)[] = [];

  override nextTurn(run: () => void): void {
    this.#next.push(run);
  }

  get scheduled(): number {
    return this.#next.length;
  }

  endTurn(): void {
    for (const run of this.#next.splice(0)) run();
  }
}

describe("the ready loop", () => {
  let clock: TurnClock;
  let readies: Ready[];
  let stepped: Message[];
  let proposed: (readonly Uint8Array[])[];
  let sent: Message[][];
  let writes: { readonly append: WalAppend; readonly done: PromiseWithResolvers<void> }[];
  let batches: ApplyBatch[];
  let happened: string[];
  let failures: unknown[];
  let queue: Uint8Array[];
  let leader: bigint;
  let isDropping: boolean;
  let installing: PromiseWithResolvers<void>;
  let log: MemoryStorage;
  let loop: ReadyLoop;

  beforeEach(() => {
    clock = new TurnClock();
    [readies, stepped, proposed, sent, writes, batches, happened, failures, queue] = [
      [],
      [],
      [],
      [],
      [],
      [],
      [],
      [],
      [],
    ];
    leader = SELF;
    isDropping = false;
    installing = Promise.withResolvers();
    log = new MemoryStorage();
    loop = new ReadyLoop({
      selfId: SELF,
      clock,
      log,
      raft: {
        basicStatus: () => ({ leader }),
        hasReady: () => readies.length > 0,
        ready: () => readies.shift(),
        step: (response: Message) => stepped.push(response),
        propose: (batch: readonly Uint8Array[]) => {
          proposed.push(batch);
          return isDropping ? "dropped" : "accepted";
        },
      } as unknown as RawNode,
      wal: {
        append: (wish: WalAppend) => {
          const done = Promise.withResolvers<void>();
          writes.push({ append: wish, done });
          return done.promise;
        },
      } as unknown as Wal,
      network: { send: (messages: readonly Message[]) => sent.push([...messages]) } as unknown as Network,
      proposals: {
        get hasQueued() {
          return queue.length > 0;
        },
        takeQueue: () => queue.splice(0),
        putBack: (batch: readonly Uint8Array[]) => queue.unshift(...batch),
      } as unknown as Proposals,
      readGate: {
        onReadState: (_: Uint8Array, index: number) => happened.push(`read at ${String(index)}`),
      } as unknown as ReadGate,
      applyQueue: { push: (batch: ApplyBatch) => batches.push(batch) } as unknown as ApplyQueue,
      onSoftState: (id, isLeader) => happened.push(`leader ${String(id)} ${String(isLeader)}`),
      onSendSnapshot: ({ to }) => happened.push(`snapshot to ${String(to)}`),
      installSnapshot: ({ metadata }) => {
        happened.push(`install ${String(metadata.index)}`);
        return installing.promise;
      },
      onFailure: (error) => failures.push(error),
    });
  });

  /** Raft wishes this, and the turn ends. */
  function turn(...wishes: Partial<Ready>[]): void {
    readies.push(...wishes.map((wish) => ({ ...NO_READY, ...wish })));
    loop.schedule();
    clock.endTurn();
  }

  test("looks at raft once, at the end of the turn, however often it is asked to", () => {
    queue.push(Uint8Array.of(1), Uint8Array.of(2));
    loop.schedule();
    loop.schedule();
    expect(clock.scheduled).toBe(1);
    expect(proposed).toEqual([]);
    clock.endTurn();
    expect(proposed).toEqual([[Uint8Array.of(1), Uint8Array.of(2)]]);
  });

  test("keeps proposals while there is no leader, and those that raft did not take", () => {
    queue.push(Uint8Array.of(1));
    leader = 0n;
    turn();
    expect(proposed).toEqual([]);
    leader = SELF;
    isDropping = true;
    turn();
    expect([proposed.length, queue.length]).toEqual([1, 1]);
  });

  test("sends to others at once, and answers that promise a write only after it", async () => {
    const promise = message({ type: MessageType.AppResp, index: 5 });
    const own = message({ type: MessageType.StorageAppendResp, to: SELF });
    const heartbeat = message({ term: 1 });
    turn({ messages: [append({ entries: [entry(1)], term: 1, responses: [promise, own] }), heartbeat] });
    expect(sent).toEqual([[heartbeat]]);
    expect(writes[0]?.append).toMatchObject({ sync: true, hardState: { term: 1, vote: 0n, commit: 0 } });
    expect(log.lastIndex()).toBe(0);
    writes[0]?.done.resolve();
    await settle();
    expect(sent).toEqual([[heartbeat], [promise]]);
    expect(stepped).toEqual([own]);
    expect(log.lastIndex()).toBe(1);
    // What raft learned may make it wish more.
    expect(clock.scheduled).toBe(1);
  });

  test.each<[string, Partial<Message>, boolean]>([
    ["entries", { entries: [entry(1)] }, true],
    ["a vote", { term: 1, vote: OTHER }, true],
    ["a term", { term: 1 }, true],
    ["a commit index alone", { commit: 3 }, false],
  ])("%s: synced or not, as promises depend on it", (_, fields, sync) => {
    turn({ messages: [append(fields)] });
    expect(writes.map((write) => write.append.sync)).toEqual([sync]);
  });

  test("a hard state that was written is not synced again", async () => {
    turn({ messages: [append({ term: 1, vote: OTHER })] });
    writes[0]?.done.resolve();
    await settle();
    turn({ messages: [append({ term: 1, vote: OTHER, commit: 2 })] });
    expect(writes[1]?.append.sync).toBe(false);
  });

  test("hands over the next write while the first is under way", () => {
    turn({ messages: [append({ entries: [entry(1)] })] });
    turn({ messages: [append({ entries: [entry(2)] })] });
    expect(writes).toHaveLength(2);
  });

  test("applies committed entries without waiting for the log, and answers when they are applied", () => {
    const own = message({ type: MessageType.StorageApplyResp, to: SELF });
    const apply = message({
      type: MessageType.StorageApply,
      to: LOCAL_APPLY_TARGET,
      entries: [entry(1)],
      responses: [own],
    });
    turn({ messages: [append({ entries: [entry(2)] }), apply] });
    expect(batches.map(({ entries }) => entries)).toEqual([[entry(1)]]);
    expect(stepped).toEqual([]);
    batches[0]?.done();
    expect(stepped).toEqual([own]);
  });

  test("tells of a new leader, of reads that may go on, and of a follower that needs the database", () => {
    turn({
      softState: { leader: OTHER, role: "follower" },
      readStates: [{ context: new Uint8Array(8), index: 9 }],
      messages: [message({ type: MessageType.Snap })],
    });
    expect(happened).toEqual(["leader 2 false", "read at 9", "snapshot to 2"]);
    expect(sent).toEqual([]);
  });

  test("installs a snapshot after the writes before it and before the writes after it", async () => {
    const snapshot = { data: undefined, metadata: { index: 10, term: 1, confState } };
    turn({ messages: [append({ entries: [entry(1)] })] });
    turn({ messages: [append({ snapshot, term: 1 })] });
    turn({ messages: [append({ entries: [entry(11)] })] });
    await settle();
    expect(happened).toEqual([]);
    writes[0]?.done.resolve();
    await settle();
    expect(happened).toEqual(["install 10"]);
    expect(writes).toHaveLength(1);
    installing.resolve();
    await settle();
    expect(writes[1]?.append).toMatchObject({ snapshot: { index: 10 }, sync: true });
    writes[1]?.done.resolve();
    await settle();
    expect(writes[2]?.append.entries).toEqual([entry(11)]);
    writes[2]?.done.resolve();
    await settle();
    expect([log.firstIndex(), log.lastIndex()]).toEqual([11, 11]);
  });

  test("a disk that fails ends the member: what depended on the write is never said", async () => {
    const full = new DiskError("write", "/data/member/wal/0.wal", Object.assign(new Error("full"), { code: "ENOSPC" }));
    turn({ messages: [append({ entries: [entry(1)], responses: [message({ type: MessageType.AppResp })] })] });
    writes[0]?.done.reject(full);
    await settle();
    expect(failures).toEqual([full]);
    expect(sent).toEqual([]);
    expect(log.lastIndex()).toBe(0);
  });

  test("a bug in raft ends the member", () => {
    turn({ messages: [append({ entries: [entry(1)] })] });
    turn();
    readies.push({
      ...NO_READY,
      get messages(): Message[] {
        throw new Error("invariant violated");
      },
    });
    turn();
    expect(failures).toEqual([new Error("invariant violated")]);
  });

  test("stops after what was handed to the log, and says nothing more", async () => {
    turn({ messages: [append({ entries: [entry(1)], responses: [message({ type: MessageType.AppResp })] })] });
    let isStopped = false;
    const stopped = loop.stop().then(() => {
      isStopped = true;
    });
    await settle();
    expect(isStopped).toBe(false);
    writes[0]?.done.resolve();
    await stopped;
    turn({ messages: [message({})] });
    expect(sent).toEqual([]);
  });
});
