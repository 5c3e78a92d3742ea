import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { leaseKind } from "../../../../operator/kube/kinds.ts";
import type { KubeClient } from "../../../../operator/kube/kube-client.ts";
import { LeaderElector } from "../../../../operator/kube/leader-elector.ts";
import { KubeHarness, target } from "../../../support/fake-kube/kube-harness.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const lease = { namespace: "operator", name: "kvorum-operator" };
const place = target("coordination.k8s.io/v1/leases", "operator", "kvorum-operator");

/** One process that stands for election, with its own clock: one that is stopped does not notice time. */
class Candidate {
  readonly clock = new ManualClock();
  readonly story: string[] = [];
  readonly client: KubeClient;
  readonly elector: LeaderElector;
  isStopped = false;

  constructor(harness: KubeHarness, identity: string) {
    this.client = harness.client({ clock: this.clock });
    this.elector = new LeaderElector({
      client: this.client,
      clock: this.clock,
      random: () => 0,
      lease,
      identity,
      onAcquired: () => this.story.push("acquired"),
      onLost: (reason) => this.story.push(`lost: ${reason}`),
      onProblem: (_problem, { fault }) => this.story.push(fault.kind),
    });
  }
}

let harness: KubeHarness;
let candidates: Candidate[];

beforeEach(async () => {
  harness = await KubeHarness.start();
  candidates = [];
});
afterEach(async () => {
  harness.kube.heal();
  await Promise.all(candidates.map(({ elector }) => elector.stop()));
  await harness.stop();
});

function stand(identity: string): Candidate {
  const candidate = new Candidate(harness, identity);
  candidates.push(candidate);
  candidate.elector.start();
  return candidate;
}

/** Time passes; the invariant of it all is looked at after each step. */
async function pass(ms: number, stepMs = 500): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const { clock, isStopped } of candidates) {
      // For a process that is stopped time passes too, but it does nothing.
      if (isStopped) clock.nowMs += stepMs;
      else clock.advance(stepMs);
    }
    await harness.answered();
    expect(holders().length).toBeLessThanOrEqual(1);
  }
}

const holders = () => candidates.filter(({ elector }) => elector.isHolding());
const holderInLease = () =>
  (harness.kube.store.find(place)?.["spec"] as { holderIdentity: string } | undefined)?.holderIdentity;

describe("an election", () => {
  test("of one makes it the leader at once, and it renews every two seconds with one call", async () => {
    const a = stand("a");
    await pass(0);
    await harness.until("the lease", () => a.elector.isHolding());
    expect(harness.kube.store.get(place)["spec"]).toMatchObject({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
      acquireTime: expect.stringMatching(/T.*\.\d{6}Z$/) as unknown,
    });
    const before = harness.kube.calls.length;
    await pass(10_000);
    expect(harness.kube.calls.slice(before).map(({ verb }) => verb)).toEqual(Array(5).fill("update"));
    expect(a.story).toEqual(["acquired"]);
  });

  test("of two at once has one winner, and the other waits", async () => {
    const [a, b] = [stand("a"), stand("b")];
    await harness.until("a leader", () => holders().length === 1);
    await pass(30_000, 1000);
    expect([...a.story, ...b.story]).toEqual(["acquired"]);
    expect(a.elector.holder()).toBe(b.elector.holder());
  });

  test("goes to the next as soon as the leader has stopped in order", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    const b = stand("b");
    await pass(4000);
    await a.elector.stop();
    expect(holderInLease()).toBe("");
    expect(a.elector.isHolding()).toBe(false);
    await pass(2500);
    expect(b.elector.isHolding()).toBe(true);
    expect(harness.kube.store.get(place)["spec"]).toMatchObject({ holderIdentity: "b", leaseTransitions: 1 });
    expect(a.story).toEqual(["acquired"]);
  });

  test("goes to the next when the leader has died, after the lease and not before", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    const b = stand("b");
    await pass(2000);
    a.isStopped = true;
    a.client.close();
    await pass(14_500);
    expect(b.elector.isHolding()).toBe(false);
    await pass(4000);
    expect(b.story).toEqual(["acquired"]);
  });
});

describe("a leader", () => {
  test("that was stopped by its machine and goes on knows by the clock that it leads no more", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    const b = stand("b");
    a.isStopped = true;
    await pass(20_000);
    expect(b.elector.isHolding()).toBe(true);
    // It wakes up: no timer has run yet, no answer has come, and still it must not act.
    expect(a.story).toEqual(["acquired"]);
    expect(a.elector.isHolding()).toBe(false);
    a.isStopped = false;
    await pass(500);
    expect(a.story.at(-1)).toMatch(/^lost: /);
    expect(b.story).toEqual(["acquired"]);
  });

  test("that cannot reach the server gives up before another may begin", async () => {
    const [a, b] = [stand("a"), stand("b")];
    await harness.until("a leader", () => holders().length === 1);
    const [leader] = holders();
    const other = leader === a ? b : a;
    harness.kube.fail(({ body }) => {
      const identity = (body["spec"] as { holderIdentity?: string } | undefined)?.holderIdentity;
      return identity !== undefined && identity !== "x" && leader === (identity === "a" ? a : b)
        ? { kind: "hang" }
        : undefined;
    });
    // `pass` looks after each step that there are never two.
    await pass(30_000);
    expect(leader!.story.at(-1)).toBe("lost: it could not be renewed for 10 s");
    expect(leader!.elector.isHolding()).toBe(false);
    expect(other.elector.isHolding()).toBe(true);
  });

  test.each(["down", "500", "429", "conflict on every write"])(
    "survives a short time of %s, and not a long one",
    async (trouble) => {
      const a = stand("a");
      await harness.until("a leads", () => a.elector.isHolding());
      const begin = async () => {
        if (trouble === "down") return harness.kube.down();
        const code = trouble === "conflict on every write" ? 409 : Number(trouble);
        harness.kube.fail(({ verb }) =>
          verb === "update" ? { kind: "status", code, reason: code === 409 ? "Conflict" : "" } : undefined,
        );
      };
      const end = async () => {
        if (trouble === "down") await harness.kube.up();
        harness.kube.heal();
      };
      await begin();
      await pass(7000);
      expect(a.elector.isHolding()).toBe(true);
      await end();
      await pass(12_000);
      expect(a.elector.isHolding()).toBe(true);
      await begin();
      await pass(11_000);
      await end();
      expect(a.story.at(-1)).toBe("lost: it could not be renewed for 10 s");
      await pass(5000);
      expect(a.elector.isHolding()).toBe(false);
    },
  );

  test("whose renewal was done but not answered goes on", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    harness.kube.fail(({ verb }) => (verb === "update" ? { kind: "lost-answer" } : undefined), 1);
    await pass(12_000);
    expect(a.elector.isHolding()).toBe(true);
    expect(a.story).toEqual(["acquired", "Unavailable"]);
  });

  test("that finds another's name in the lease stops at once", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    harness.kube.store.mergePatch(place, { spec: { holderIdentity: "b" } }, { manager: "b", isStatus: false });
    await pass(2500);
    expect(a.story).toEqual(["acquired", "lost: b holds the lease now"]);
  });

  test("whose lease was deleted takes it again", async () => {
    const a = stand("a");
    await harness.until("a leads", () => a.elector.isHolding());
    harness.kube.store.delete(place, {});
    await pass(5000);
    expect(holderInLease()).toBe("a");
    expect(a.story.filter((line) => line.startsWith("lost"))).toEqual([]);
  });
});

test("a candidate goes by its own clock, not by the times that others have written", async () => {
  const writer = { manager: "c", isStatus: false };
  const spec = { holderIdentity: "c", leaseDurationSeconds: 15, renewTime: "1999-01-01T00:00:00.000000Z" };
  harness.kube.store.create(place, { apiVersion: leaseKind.apiVersion, kind: "Lease", metadata: lease, spec }, writer);
  const a = stand("a");
  await pass(14_000);
  expect(a.elector.isHolding()).toBe(false);
  await pass(4000);
  expect(a.elector.isHolding()).toBe(true);
});

/** A sequence of numbers below 1 that is the same each time. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

test.each(Array.from({ length: 8 }, (_, at) => at + 1))(
  "under random trouble (seed %i) never two of five candidates lead, and when it is over one does",
  async (seed) => {
    for (const name of ["a", "b", "c", "d", "e"]) stand(name);
    const random = sequence(seed);
    harness.kube.fail(() => {
      const dice = random();
      if (dice < 0.1) return { kind: "hang" };
      if (dice < 0.2) return { kind: "lost-answer" };
      return dice < 0.3 ? { kind: "status", code: 503 } : undefined;
    });
    let led = 0;
    for (let at = 0; at < 90; at++) {
      for (const candidate of candidates) if (random() < 0.1) candidate.isStopped = !candidate.isStopped;
      await pass(1000, 1000);
      led += holders().length;
    }
    expect(led).toBeGreaterThan(10);
    harness.kube.heal();
    for (const candidate of candidates) candidate.isStopped = false;
    stand("f");
    await pass(30_000, 1000);
    expect(holders().length).toBe(1);
  },
);
