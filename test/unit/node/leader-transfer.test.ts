import { expect, test } from "vitest";
import { Leadership } from "../../../server/node/leadership.ts";
import { LeaderTransfer } from "../../../server/node/leader-transfer.ts";
import type { Network } from "../../../server/ports/network.ts";
import type { Member } from "../../../server/cluster/member.ts";
import type { RawNode } from "../../../server/raft/raw-node.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const SELF = 1n;

/** A member; `sinceMs` is since when it is connected. */
interface Kind {
  readonly isLearner?: boolean;
  readonly isLeaving?: true;
  readonly sinceMs?: number;
  readonly match?: number;
}

/** This member is the first; it leads unless another leader is named. */
function setUp(kinds: readonly Kind[], leader = SELF) {
  const clock = new ManualClock();
  const leadership = new Leadership();
  leadership.update(leader, leader === SELF, clock.nowMs);
  const members: Member[] = kinds.map(({ isLearner = false, isLeaving }, position) => ({
    id: BigInt(position + 1),
    name: "",
    peerUrls: [],
    clientUrls: [],
    replaces: undefined,
    isLearner,
    ...(isLeaving && { isLeaving }),
  }));
  const transfers: bigint[] = [];
  let steps = 0;
  const progress = new Map(kinds.map(({ match = 0 }, position) => [BigInt(position + 1), { match }]));
  const transfer = new LeaderTransfer({
    selfId: SELF,
    clock,
    leadership,
    raft: { transferLeader: (id: bigint) => transfers.push(id), status: () => ({ progress }) } as unknown as RawNode,
    replica: {
      machine: { membership: { members, member: (id: bigint) => members.find((member) => member.id === id) } },
    } as never,
    network: { activeSinceMs: (id: bigint) => kinds[Number(id) - 1]?.sinceMs } as unknown as Network,
    onStepped: () => {
      steps++;
    },
  });
  return { clock, leadership, transfer, transfers, steps: () => steps };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test.each<[string, readonly Kind[], bigint, bigint, string]>([
  ["a follower moves nothing", [{}, {}], 2n, 2n, "not-leader"],
  ["a learner cannot lead", [{}, { isLearner: true }], SELF, 2n, "bad-leader-transferee"],
  ["nobody leads whom nobody knows", [{}, {}], SELF, 9n, "bad-leader-transferee"],
])("%s", async (_, kinds, leader, target, fault) => {
  const { transfer, transfers } = setUp(kinds, leader);
  await expect(transfer.to(target, 1000)).rejects.toMatchObject({ fault });
  expect(transfers).toEqual([]);
});

test("a transfer to oneself is done already", async () => {
  const { transfer, transfers } = setUp([{}, {}]);
  await transfer.to(SELF, 1000);
  expect(transfers).toEqual([]);
});

test("a transfer is over when the target leads, not when somebody else does", async () => {
  const { transfer, transfers, leadership, steps } = setUp([{}, {}, {}]);
  let isOver = false;
  const moved = transfer.to(2n, 1000).then(() => {
    isOver = true;
  });
  expect([transfers, steps()]).toEqual([[2n], 1]);
  leadership.update(0n, false, 0);
  leadership.update(3n, false, 0);
  await settle();
  expect(isOver).toBe(false);
  leadership.update(2n, false, 0);
  await moved;
});

test("a transfer that takes too long is told so, and a late one changes nothing", async () => {
  const { transfer, leadership, clock } = setUp([{}, {}]);
  const moved = transfer.to(2n, 1000);
  clock.advance(999);
  await settle();
  clock.advance(1);
  await expect(moved).rejects.toMatchObject({ fault: "timeout-leader-transfer" });
  leadership.update(2n, false, 0);
});

test("before a shutdown the voter that has been connected longest leads on", async () => {
  const kinds = [
    {},
    { sinceMs: 500 },
    { sinceMs: 100 },
    { sinceMs: 1, isLearner: true },
    { sinceMs: 2, isLeaving: true as const },
  ];
  const { transfer, transfers, leadership } = setUp(kinds);
  const away = transfer.away(1000);
  expect(transfers).toEqual([3n]);
  leadership.update(3n, false, 0);
  expect(await away).toBe(true);
});

test.each<[string, readonly Kind[], bigint]>([
  ["nobody is connected", [{}, {}], SELF],
  ["this member does not lead", [{}, { sinceMs: 1 }], 2n],
])("before a shutdown nothing moves when %s", async (_, kinds, leader) => {
  const { transfer, transfers } = setUp(kinds, leader);
  expect(await transfer.away(1000)).toBe(false);
  expect(transfers).toEqual([]);
});

test("a leader that is to go is relieved by this follower, which waits for it only so long", async () => {
  const { transfer, transfers, clock } = setUp([{}, {}], 2n);
  let isOver = false;
  const moved = transfer.from(2n, 100).then(() => {
    isOver = true;
  });
  expect(transfers).toEqual([SELF]);
  for (let passedMs = 0; passedMs < 80; passedMs += 20) {
    clock.advance(20);
    await settle();
  }
  expect(isOver).toBe(false);
  clock.advance(20);
  await moved;
});

test("a learner relieves nobody, and who does not lead need not be relieved", async () => {
  const learner = setUp([{ isLearner: true }, {}], 2n);
  await learner.transfer.from(2n, 100);
  expect(learner.transfers).toEqual([]);
  const other = setUp([{}, {}, {}], 2n);
  await other.transfer.from(3n, 100);
  expect(other.transfers).toEqual([]);
});

test("a leader that its joint configuration leaves out hands over to the furthest of those that stay", () => {
  const kinds = [
    { isLeaving: true as const, match: 100 },
    { match: 80 },
    { match: 90 },
    { match: 95, isLearner: true },
    { match: 99, isLeaving: true as const },
  ];
  const { transfer, transfers } = setUp(kinds);
  transfer.whileLeaving();
  expect(transfers).toEqual([3n]);
});

test.each<[string, readonly Kind[], bigint]>([
  ["stays", [{}, {}], SELF],
  ["does not lead", [{ isLeaving: true }, {}], 2n],
])("a member that %s hands over nothing at a joint configuration", (_, kinds, leader) => {
  const { transfer, transfers } = setUp(kinds, leader);
  transfer.whileLeaving();
  expect(transfers).toEqual([]);
});
