import { expect, test } from "vitest";
import { forceNewCluster } from "../../../server/node/force-new-cluster.ts";
import type { RecoveredLog } from "../../../server/node/raft-storage.ts";
import {
  ConfChangeTransition,
  ConfChangeType,
  EntryType,
  type ConfState,
  type Entry,
} from "../../../server/proto/raft-message.ts";
import { confChangeOfEntry, entryOfConfChange, leaveJointChange } from "../../../server/raft/conf-change.ts";
import type { WalAppend } from "../../../server/wal/wal.ts";
import { silentLogger } from "../../support/peer-member.ts";

const SELF = 1n;
const EMPTY: ConfState = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** A log of normal entries 1 to 10 in term 3, of which 8 are committed and 5 applied; `changes` take places in it. */
function logWith(confState: Partial<ConfState>, changes: ReadonlyMap<number, Entry> = new Map()): RecoveredLog {
  const entries = Array.from({ length: 10 }, (_, position): Entry => {
    const index = position + 1;
    const entry = changes.get(index) ?? { type: EntryType.Normal, data: undefined };
    return { ...entry, term: 3, index };
  });
  const hardState = { term: 4, vote: 2n, commit: 8 };
  return { snapshot: undefined, entries, hardState, appliedIndex: 5, confState: { ...EMPTY, ...confState } };
}

async function force(log: RecoveredLog) {
  const appended: WalAppend[] = [];
  const wal = { append: async (append: WalAppend) => void appended.push(append) };
  const forced = await forceNewCluster({ selfId: SELF, wal, log, logger: silentLogger });
  const changes = forced.entries
    .filter(({ index }) => index > 8)
    .map((entry) => {
      const change = confChangeOfEntry(entry);
      return change === undefined ? "other" : "changes" in change ? "leave joint" : `remove ${String(change.nodeId)}`;
    });
  return { forced, appended, changes };
}

const add = (nodeId: bigint, type = ConfChangeType.AddNode): Entry =>
  entryOfConfChange({ id: 0n, type, nodeId, context: undefined });
const enterJoint = entryOfConfChange({
  transition: ConfChangeTransition.JointImplicit,
  changes: [{ type: ConfChangeType.AddNode, nodeId: 4n }],
  context: undefined,
});

test("the removals stand behind what is committed, in the present term, committed and on disk", async () => {
  const { forced, appended, changes } = await force(logWith({ voters: [1n, 2n, 3n] }));
  expect(changes).toEqual(["remove 2", "remove 3"]);
  expect(forced.entries.map(({ index, term }) => [index, term]).slice(7)).toEqual([
    [8, 3],
    [9, 4],
    [10, 4],
  ]);
  expect(forced.hardState).toEqual({ term: 4, vote: 2n, commit: 10 });
  expect(appended).toEqual([{ entries: forced.entries.slice(8), hardState: forced.hardState, sync: true }]);
});

test.each<[string, Partial<ConfState>, ReadonlyMap<number, Entry>, readonly string[]]>([
  ["learners too", { voters: [1n], learners: [2n] }, new Map(), ["remove 2"]],
  ["a member that was added after what is applied", { voters: [1n] }, new Map([[7, add(5n)]]), ["remove 5"]],
  [
    "both halves of a joint configuration, which is left first",
    { voters: [1n, 2n], votersOutgoing: [1n, 3n], learnersNext: [4n] },
    new Map(),
    ["leave joint", "remove 2", "remove 3", "remove 4"],
  ],
  [
    "a joint phase that began after what is applied",
    { voters: [1n] },
    new Map([[6, enterJoint]]),
    ["leave joint", "remove 4"],
  ],
  [
    "a joint phase that has ended since, which is not left again",
    { voters: [1n] },
    new Map([
      [6, enterJoint],
      [7, entryOfConfChange(leaveJointChange)],
    ]),
    ["remove 4"],
  ],
])("removes %s", async (_what, confState, pending, wanted) => {
  expect((await force(logWith(confState, pending))).changes).toEqual(wanted);
});

test("an uncommitted addition is dropped with its entry", async () => {
  expect((await force(logWith({ voters: [1n, 2n] }, new Map([[9, add(5n)]])))).changes).toEqual(["remove 2"]);
});

test("a member that is alone already keeps its log as it is", async () => {
  const log = logWith({ voters: [1n] });
  const { forced, appended } = await force(log);
  expect(forced).toBe(log);
  expect(appended).toEqual([]);
});

test.each([
  ["a learner", { voters: [2n], learners: [1n] }],
  ["removed", { voters: [2n] }],
])("a member that is %s founds nothing", async (_what, confState) => {
  await expect(force(logWith(confState))).rejects.toThrow("has no vote");
});

test("a learner that was promoted after what is applied has a vote", async () => {
  const { changes } = await force(logWith({ voters: [2n], learners: [1n] }, new Map([[8, add(SELF)]])));
  expect(changes).toEqual(["remove 2"]);
});
