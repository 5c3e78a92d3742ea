import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { observeLeaders, type ElectionClient, type Leader } from "../../../server/client/election.ts";
import { LeaderResponseSchema, type LeaderResponse } from "../../../server/proto/gen/v3election_pb.js";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { ManualTiming, settled } from "../../support/manual-timing.ts";
import { ScriptedStream } from "../../support/scripted-stream.ts";
import { bytes } from "../../support/test-machine.ts";

type Stream = ScriptedStream<never, LeaderResponse>;

/** An observer, with the streams that it has opened so far and what it has been told. */
function observing() {
  const timing = new ManualTiming();
  const streams: Stream[] = [];
  const observe = (): Stream => {
    const stream: Stream = new ScriptedStream();
    streams.push(stream);
    return stream;
  };
  const client = { election: { observe }, connect: async () => {} } as unknown as ElectionClient;
  const controller = new AbortController();
  const told: Leader[] = [];
  const end = (async () => {
    for await (const leader of observeLeaders(client, "e", controller.signal, timing)) told.push(leader);
    return "ended";
  })().catch((error: unknown) => error);
  onTestFinished(async () => {
    controller.abort();
    await end;
  });
  return { timing, streams, told, end, controller };
}

const leads = (value: string, revision: number): LeaderResponse =>
  create(LeaderResponseSchema, { kv: { value: bytes(value), lease: 7n, modRevision: BigInt(revision) } });

const AWAY = new RpcError(Code.UNAVAILABLE, "the member is away");

test("each leader is told once, though every connection begins with the present one", async () => {
  const { timing, streams, told } = observing();
  await settled();
  streams[0]?.answer(leads("a", 5));
  await settled();
  streams[0]?.finish(AWAY);
  await timing.advance(50);
  for (const [value, revision] of [
    ["a", 5],
    ["b", 8],
  ] as const)
    streams[1]?.answer(leads(value, revision));
  streams[1]?.answer(create(LeaderResponseSchema, {}));
  await settled();
  expect(told.map(({ value, revision }) => [value, revision])).toEqual([
    ["a", 5],
    ["b", 8],
  ]);
});

test("connections that tell nothing new are made ever more seldom, and at once again after one that does", async () => {
  const { timing, streams } = observing();
  const breakAfter = async (answer: LeaderResponse, waitMs: number): Promise<void> => {
    const count = streams.length;
    streams.at(-1)?.answer(answer);
    await settled();
    streams.at(-1)?.finish();
    await timing.advance(waitMs - 1);
    expect(streams).toHaveLength(count);
    await timing.advance(1);
    expect(streams).toHaveLength(count + 1);
  };
  await settled();
  await breakAfter(leads("a", 5), 50);
  await breakAfter(leads("a", 5), 100);
  await breakAfter(leads("a", 5), 200);
  await breakAfter(leads("b", 6), 50);
});

test("a refusal ends it, and so does the signal, which cancels the stream", async () => {
  const refused = observing();
  await settled();
  const refusal = new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied");
  refused.streams[0]?.finish(refusal);
  expect(await refused.end).toBe(refusal);

  const left = observing();
  await settled();
  left.controller.abort();
  expect(await left.end).toBe("ended");
  expect(left.streams[0]?.isCancelled).toBe(true);
});
