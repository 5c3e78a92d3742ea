import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { WatchResponseSchema } from "../../../server/proto/gen/rpc_pb.js";
import { LeasingSession } from "../../../server/proxy/leasing-session.ts";
import type { WatchSink } from "../../../server/proxy/watch-ranges.ts";
import { ManualTiming, settled } from "../../support/manual-timing.ts";

/** A session over a cluster that does as the test says. */
function world() {
  const timing = new ManualTiming();
  const log: string[] = [];
  const cluster = {
    granted: 0n,
    revision: 10n,
    renew: async (): Promise<number> => 60,
    lateMs: 0,
  };
  const sinks: WatchSink[] = [];
  const session = new LeasingSession({
    leases: {
      grant: async () => ({ leaseId: ++cluster.granted, ttlSeconds: 60, revision: cluster.revision }),
      renew: () => cluster.renew(),
      revoke: async (leaseId) => void log.push(`revoke ${String(leaseId)}`),
    },
    openWatch: (_keys, _token, sink) => {
      sinks.push(sink);
      return { close: () => void log.push("watch closed") };
    },
    keys: { key: new Uint8Array(), rangeEnd: new Uint8Array() },
    mayRead: async () => undefined,
    // What sleeps wakes up later than it should where the process was stopped.
    timing: { nowMs: () => timing.nowMs() + cluster.lateMs, sleep: (ms, signal) => timing.sleep(ms, signal) },
    logger: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message, fields) => void log.push(`${message}: ${String(fields?.["reason"])}`),
      error: () => undefined,
    },
    onEvents: () => undefined,
    onEnd: () => void log.push("end"),
  });
  onTestFinished(async () => {
    void session.close();
    await timing.advance(10_000);
  });
  return { timing, log, cluster, sinks, session };
}

test("a lease that is renewed lasts, and the watch goes on from where the lease was granted", async () => {
  const { timing, log, session, sinks } = world();
  await timing.advance(600_000);
  expect(session.leaseId).toBe(1n);
  expect(sinks.map(({ nextRevision }) => nextRevision)).toEqual([11n]);
  expect(log).toEqual([]);
});

test("nothing is owned when the lease may have ended, even if no timer has said so", async () => {
  const { cluster, session } = world();
  await settled();
  cluster.lateMs = 59_499;
  expect(session.leaseId).toBe(1n);
  cluster.lateMs = 59_500;
  expect(session.leaseId).toBe(undefined);
});

test("a renewal that comes after the lease may have ended is too late: others may not have been heard meanwhile", async () => {
  const { cluster, timing, log, session } = world();
  const renewal = Promise.withResolvers<number>();
  cluster.renew = () => renewal.promise;
  await timing.advance(20_000);
  cluster.lateMs = 40_000;
  renewal.resolve(60);
  await settled();
  expect(log).toContain(
    "the leasing session has ended; another one begins: the cluster has not renewed the lease in time",
  );
  cluster.lateMs = 0;
  await timing.advance(1000);
  expect(session.leaseId).toBe(2n);
});

test.each([
  ["the lease has ended", async () => 0, "the cluster has ended the lease"],
  ["no answer comes", () => new Promise<number>(() => undefined), "the cluster has not renewed the lease in time"],
  ["it is refused", () => Promise.reject(new Error("no")), "no"],
])("when %s, all is over and another session begins", async (_what, renew, reason) => {
  const { cluster, timing, log, session } = world();
  cluster.renew = renew;
  await timing.advance(60_000);
  expect(log.slice(0, 4)).toEqual([
    "watch closed",
    "end",
    "revoke 1",
    `the leasing session has ended; another one begins: ${reason}`,
  ]);
  cluster.renew = async () => 60;
  await timing.advance(1000);
  expect(session.leaseId).toBeGreaterThan(1n);
});

test("when the watch ends, all is over: nobody would be heard any more", async () => {
  const { timing, log, session, sinks } = world();
  await settled();
  sinks[0]!.deliver(create(WatchResponseSchema, { canceled: true, compactRevision: 20n }));
  await settled();
  expect(log.slice(0, 3)).toEqual(["watch closed", "end", "revoke 1"]);
  expect(session.leaseId).toBe(undefined);
  await timing.advance(1000);
  expect(session.leaseId).toBe(2n);
});

test.each([
  ["an event", { events: [{ kv: { modRevision: 30n } }], header: { revision: 40n } }, 31n],
  ["a word on how far it has come", { header: { revision: 40n } }, 41n],
  ["its beginning", { created: true, header: { revision: 40n } }, 11n],
  ["a word from a member that is behind", { header: { revision: 5n } }, 11n],
])("after %s the watch would go on at the right revision", async (_what, response, next) => {
  const { sinks } = world();
  await settled();
  sinks[0]!.deliver(create(WatchResponseSchema, response));
  expect(sinks[0]!.nextRevision).toBe(next);
});

test("what is closed gives the lease back and begins no other", async () => {
  const { timing, log, session } = world();
  await settled();
  await session.close();
  await timing.advance(100_000);
  expect([session.leaseId, log]).toEqual([undefined, ["watch closed", "end", "revoke 1"]]);
});
