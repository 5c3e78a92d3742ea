import { expect, test } from "vitest";
import { requireLeader } from "../../../server/api/require-leader.ts";
import type { LeaderSource } from "../../../server/api/leader-bound-call.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import type { BoundMethod, StreamCall } from "../../../server/rpc/service.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const ELECTION_MS = 1000;

/** A stream whose client never says anything after its first request, and its handler's way through it. */
function stream(handle: (call: StreamCall<unknown, unknown>) => Promise<void>) {
  const clock = new ManualClock();
  const leadership = new Leadership();
  leadership.update(1n, false, clock.nowMs);
  const node = { clock, leadership, config: { tickMs: 100, electionTicks: 10 } } as unknown as LeaderSource;
  const [method] = requireLeader(node, [{ kind: "bidi_streaming", handle } as unknown as BoundMethod]);
  const silence = new Promise<never>(() => undefined);
  async function* requests(): AsyncGenerator<unknown> {
    yield "first";
    await silence;
  }
  const call = {
    isCancelled: false,
    requests: requests(),
    metadata: (key: string) => (key === "hasleader" ? "true" : undefined),
    peerCommonName: () => undefined,
    onCancelled: () => undefined,
    send: () => true,
    drained: () => silence,
  } as unknown as StreamCall<unknown, unknown>;
  if (method?.kind !== "bidi_streaming") throw new Error("a stream stays one");
  const lose = (): void => leadership.update(0n, false, clock.nowMs);
  return { clock, leadership, lose, ended: method.handle(call) };
}

test("a stream that asked for a leader ends three elections after it was lost, and its handler with it", async () => {
  const seen: unknown[] = [];
  let isCancelled = false;
  const { clock, lose, ended } = stream(async (call) => {
    call.onCancelled(() => {
      isCancelled = true;
    });
    for await (const request of call.requests) seen.push(request);
    seen.push("end");
    await call.drained();
    seen.push(call.isCancelled, call.send("too late"));
  });
  let outcome: unknown = "runs";
  void ended.catch((error: unknown) => {
    outcome = error;
  });
  await turns();
  lose();
  clock.advance(2 * ELECTION_MS);
  await turns();
  expect([outcome, isCancelled, seen]).toEqual(["runs", false, ["first"]]);
  clock.advance(2 * ELECTION_MS);
  await turns();
  expect(outcome).toMatchObject({ fault: "no-leader" });
  expect(isCancelled).toBe(true);
  expect(seen).toEqual(["first", "end", true, true]);
});

test("a leader that comes back in time saves the stream", async () => {
  const { clock, leadership, lose, ended } = stream(async (call) => {
    for await (const request of call.requests) void request;
  });
  let hasEnded = false;
  void ended.catch(() => {
    hasEnded = true;
  });
  lose();
  clock.advance(2 * ELECTION_MS);
  leadership.update(2n, false, clock.nowMs);
  clock.advance(10 * ELECTION_MS);
  await turns();
  expect(hasEnded).toBe(false);
});

test("a stream that has ended looks for no leader any more", async () => {
  let isCancelled = false;
  const { clock, lose, ended } = stream(async (call) => {
    call.onCancelled(() => {
      isCancelled = true;
    });
  });
  await ended;
  lose();
  clock.advance(10 * ELECTION_MS);
  expect(isCancelled).toBe(false);
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
