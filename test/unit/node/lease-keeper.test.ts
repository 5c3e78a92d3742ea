import { expect, test } from "vitest";
import type { Caller } from "../../../server/auth/caller.ts";
import { DomainError } from "../../../server/base/domain-error.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import { LeaseKeeper, type LeaseKeeperOptions } from "../../../server/node/lease-keeper.ts";
import type { Command } from "../../../server/node/proposals.ts";
import { PeerCallError } from "../../../server/ports/peer-call-error.ts";
import type { PeerCalls } from "../../../server/ports/network.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { TestMachine } from "../../support/test-machine.ts";

const SELF = 1n;
const OTHER = 2n;

interface Setup {
  readonly clock: ManualClock;
  readonly machine: TestMachine;
  readonly leadership: Leadership;
  readonly proposed: Command[];
  /** On whose behalf. */
  readonly callers: (Caller | undefined)[];
  readonly keeper: LeaseKeeper;
}

function setUp(calls: Partial<PeerCalls> = {}, more: Partial<LeaseKeeperOptions> = {}): Setup {
  const clock = new ManualClock();
  const machine = new TestMachine();
  const leadership = new Leadership();
  const proposed: Command[] = [];
  const callers: (Caller | undefined)[] = [];
  const member = { id: OTHER, peerUrls: ["http://other:2380"] };
  const replica = {
    machine: Object.assign(Object.create(machine.machine) as object, {
      lessor: machine.machine.lessor,
      membership: { member: (id: bigint) => (id === OTHER ? member : undefined) },
    }),
  };
  const keeper = new LeaseKeeper({
    replica: replica as never,
    leadership,
    clock,
    calls: calls as PeerCalls,
    electionTimeoutMs: 1000,
    requestTimeoutMs: 5000,
    hasCheckpoints: false,
    propose: async (command, caller) => {
      proposed.push(command);
      callers.push(caller);
    },
    ...more,
  });
  return { clock, machine, leadership, proposed, callers, keeper };
}

function lead({ leadership, clock }: Setup, leader = SELF): void {
  leadership.update(leader, leader === SELF, clock.nowMs);
}

/** Lets promises and one turn of the event loop pass. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("the leader revokes what has expired, and nothing before", () => {
  const setup = setUp();
  setup.machine.apply({ leaseGrant: { ID: 7n, TTL: 10n } });
  lead(setup);
  // A new leader gives every lease its full time again, and an election on top.
  setup.clock.advance(10_500);
  expect(setup.proposed).toEqual([]);
  setup.clock.advance(1000);
  expect(setup.proposed).toEqual([{ leaseRevoke: { ID: 7n } }]);
});

test("with auth on, leases expire on behalf of root", () => {
  const setup = setUp();
  setup.machine.apply({ leaseGrant: { ID: 7n, TTL: 10n } });
  setup.machine.apply({ leaseGrant: { ID: 8n, TTL: 20n } });
  lead(setup);
  setup.clock.advance(11_500);
  setup.machine.apply({ authUserAdd: { name: "root" } });
  setup.machine.apply({ authUserGrantRole: { user: "root", role: "root" } });
  setup.machine.apply({ authEnable: {} });
  setup.clock.advance(10_000);
  const root = { username: "root", revision: setup.machine.machine.auth.revision };
  expect(setup.proposed.map(({ leaseRevoke }) => leaseRevoke?.ID)).toEqual([7n, 7n, 7n, 7n, 8n]);
  expect([setup.callers[0], setup.callers.at(-1)]).toEqual([undefined, root]);
});

test("a follower revokes nothing", () => {
  const setup = setUp();
  setup.machine.apply({ leaseGrant: { ID: 7n, TTL: 10n } });
  lead(setup, OTHER);
  setup.clock.advance(60_000);
  expect(setup.proposed).toEqual([]);
});

test("a follower asks the leader to renew", async () => {
  const asked: unknown[] = [];
  const setup = setUp({
    renewLease: async (urls, id) => {
      asked.push([urls, id]);
      return 42;
    },
  });
  lead(setup, OTHER);
  expect(await setup.keeper.renew(7n)).toBe(42);
  expect(asked).toEqual([[["http://other:2380"], 7n]]);
});

test("a leader that cannot be reached is asked again until the request times out", async () => {
  let calls = 0;
  const setup = setUp({
    renewLease: async () => {
      calls++;
      throw new PeerCallError("connection refused");
    },
  });
  lead(setup, OTHER);
  const renewal = setup.keeper.renew(7n);
  const outcome = expect(renewal).rejects.toMatchObject({ fault: "timeout" });
  for (let passedMs = 0; passedMs <= 5000; passedMs += 50) {
    await settle();
    setup.clock.advance(50);
  }
  await outcome;
  expect(calls).toBeGreaterThan(50);
});

test("a lease that the leader does not know is not asked for twice", async () => {
  const setup = setUp({
    renewLease: async () => {
      throw new DomainError("lease-not-found");
    },
  });
  lead(setup, OTHER);
  await expect(setup.keeper.renew(7n)).rejects.toMatchObject({ fault: "lease-not-found" });
});

test("a bug here is not mistaken for a leader that cannot be reached", async () => {
  const bug = new TypeError("a bug");
  const setup = setUp(
    {},
    {
      hasCheckpoints: true,
      propose: async () => {
        throw bug;
      },
    },
  );
  setup.machine.apply({ leaseGrant: { ID: 7n, TTL: 1000n } });
  setup.machine.apply({ leaseCheckpoint: { checkpoints: [{ ID: 7n, remainingTTL: 500n }] } });
  lead(setup);
  await expect(setup.keeper.renew(7n)).rejects.toBe(bug);
});

test("a bug in asking the leader ends the request too", async () => {
  const bug = new TypeError("a bug");
  const setup = setUp({
    leaseTimeToLive: async () => {
      throw bug;
    },
  });
  lead(setup, OTHER);
  await expect(setup.keeper.timeToLive(7n, false)).rejects.toBe(bug);
});
