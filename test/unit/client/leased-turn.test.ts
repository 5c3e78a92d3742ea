import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { Backoff } from "../../../server/client/backoff.ts";
import type { CallOptions } from "../../../server/client/calls.ts";
import { waitForTurn } from "../../../server/client/leased-turn.ts";
import { LeaseGrantResponseSchema } from "../../../server/proto/gen/rpc_pb.js";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { ManualTiming, settled } from "../../support/manual-timing.ts";
import { ScriptedStream } from "../../support/scripted-stream.ts";

const AWAY = new RpcError(Code.UNAVAILABLE, "away");

test("pauses double up to the limit, and begin anew after a success", () => {
  const backoff = new Backoff(50, 300);
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([50, 100, 200, 300, 300]);
  backoff.reset();
  expect(backoff.next()).toBe(50);
});

/** A client whose leases are numbered, and what became of them. */
function leasing() {
  const timing = new ManualTiming();
  const log: string[] = [];
  const lateGrants: Error[] = [];
  let granted = 0n;
  const client = {
    lease: {
      leaseGrant: async () => {
        const late = lateGrants.shift();
        if (late !== undefined) throw late;
        return create(LeaseGrantResponseSchema, { ID: ++granted, TTL: 9n });
      },
      leaseRevoke: async ({ ID = 0n }: { ID?: bigint | string | number }) => {
        log.push(`revoke ${String(ID)}`);
      },
      leaseKeepAlive: () => new ScriptedStream<never, never>(),
    },
    connect: async () => {},
    moveOn: () => {},
  };
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const wait = (call: (leaseId: bigint, options: CallOptions) => Promise<string>) =>
    waitForTurn(client, { ttlSeconds: 9, signal: controller.signal }, call, timing);
  return { timing, log, lateGrants, controller, wait };
}

test("when the connection breaks while it waits, it asks again with another lease, and gives the old one back", async () => {
  const { timing, log, wait } = leasing();
  const turn = wait(async (leaseId, { timeoutMs }) => {
    log.push(`ask with ${String(leaseId)} for ${String(timeoutMs)}`);
    if (leaseId < 3n) throw AWAY;
    return "mine";
  });
  await timing.advance(1000);
  const { lease, answer } = await turn;
  expect(answer).toBe("mine");
  expect(log).toEqual([
    "ask with 1 for Infinity",
    "revoke 1",
    "ask with 2 for Infinity",
    "revoke 2",
    "ask with 3 for Infinity",
  ]);
  expect(lease.lost.aborted).toBe(false);
  lease.stop();
});

test("a grant that is never answered is asked for again", async () => {
  const { timing, log, wait, lateGrants } = leasing();
  lateGrants.push(new RpcError(Code.DEADLINE_EXCEEDED, "Deadline exceeded"));
  const turn = wait(async () => "mine");
  await timing.advance(1000);
  expect((await turn).answer).toBe("mine");
  expect(log).toEqual([]);
  (await turn).lease.stop();
});

test("a refusal ends it, and nothing is left behind", async () => {
  const { log, wait } = leasing();
  const denied = new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied");
  await expect(wait(() => Promise.reject(denied))).rejects.toBe(denied);
  expect(log).toEqual(["revoke 1"]);
});

test("the signal ends the call that waits, with its reason, and gives the lease back", async () => {
  const { log, wait, controller } = leasing();
  const turn = wait(
    (_leaseId, { signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new RpcError(Code.CANCELED, "canceled")));
      }),
  );
  const ended = expect(turn).rejects.toThrow("enough");
  await settled();
  controller.abort(new Error("enough"));
  await ended;
  expect(log).toEqual(["revoke 1"]);
});

test("a lease that ends while it waits is replaced", async () => {
  const { timing, wait } = leasing();
  const asked: bigint[] = [];
  const turn = wait((leaseId, { signal }) => {
    asked.push(leaseId);
    if (leaseId === 2n) return Promise.resolve("mine");
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new RpcError(Code.CANCELED, "canceled")));
    });
  });
  await timing.advance(10_000);
  expect((await turn).answer).toBe("mine");
  expect(asked).toEqual([1n, 2n]);
  (await turn).lease.stop();
});
