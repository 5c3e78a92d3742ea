import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { CompactedError } from "../../../server/client/compacted-error.ts";
import { watchChanges, type WatchBatch, type WatchOptions } from "../../../server/client/watch-changes.ts";
import { WatchRefusedError } from "../../../server/client/watch-refused-error.ts";
import { WatchResponseSchema, type WatchRequestSchema, type WatchResponse } from "../../../server/proto/gen/rpc_pb.js";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { ManualTiming, settled } from "../../support/manual-timing.ts";
import { ScriptedStream } from "../../support/scripted-stream.ts";

type Stream = ScriptedStream<MessageInitShape<typeof WatchRequestSchema>, WatchResponse>;

/** A watch under way, with the streams that it has opened so far and what it has told. */
function watching(options: Partial<WatchOptions> = {}) {
  const timing = new ManualTiming();
  const streams: Stream[] = [];
  const failures: Error[] = [];
  let logins = 0;
  const client = {
    watch: {
      watch: () => {
        const stream: Stream = new ScriptedStream();
        streams.push(stream);
        return stream;
      },
    },
    connect: async () => {
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
    },
    forgetLogin: () => {
      logins++;
    },
  };
  const controller = new AbortController();
  const batches: WatchBatch[] = [];
  const end = (async () => {
    const all = { key: Buffer.from("k"), signal: controller.signal, ...options };
    for await (const batch of watchChanges(client, all, timing)) batches.push(batch);
    return "ended";
  })().catch((error: unknown) => error);
  onTestFinished(async () => {
    controller.abort();
    await end;
  });
  const startOf = (index: number): unknown => {
    const request = streams[index]?.sent[0]?.requestUnion;
    return request?.case === "createRequest" ? request.value?.startRevision : undefined;
  };
  return { timing, streams, failures, batches, end, controller, startOf, logins: () => logins };
}

function answer(revision: number, rest: Omit<MessageInitShape<typeof WatchResponseSchema>, "$typeName"> = {}) {
  return create(WatchResponseSchema, { header: { revision: BigInt(revision) }, ...rest });
}

function put(revision: number) {
  return { kv: { key: Buffer.from("k"), modRevision: BigInt(revision) } };
}

const AWAY = new RpcError(Code.UNAVAILABLE, "the member is away");

test("a watch from now on is resumed after the revision at which it was made, though nothing has happened", async () => {
  const { streams, timing, startOf } = watching();
  await settled();
  streams[0]?.answer(answer(7, { created: true }));
  await settled();
  streams[0]?.finish(AWAY);
  await timing.advance(10_000);
  expect(streams).toHaveLength(2);
  expect([startOf(0), startOf(1)]).toEqual([0n, 8n]);
});

test("it is resumed after the last revision that was seen, and no event is told twice", async () => {
  const { streams, timing, startOf, batches } = watching({ startRevision: 3 });
  await settled();
  streams[0]?.answer(answer(9, { created: true }));
  streams[0]?.answer(answer(9, { events: [put(3), put(5)] }));
  await settled();
  streams[0]?.finish(AWAY);
  await timing.advance(10_000);
  streams[1]?.answer(answer(9, { created: true }));
  streams[1]?.answer(answer(9, { events: [put(6)] }));
  await settled();
  expect([startOf(0), startOf(1)]).toEqual([3n, 6n]);
  expect(batches.flatMap(({ events }) => events.map(({ kv }) => kv?.modRevision))).toEqual([3n, 5n, 6n]);
});

test("progress moves the place where it is resumed, and is told only to who asked for it", async () => {
  for (const progressNotify of [true, false]) {
    const { streams, timing, startOf, batches } = watching({ startRevision: 3, progressNotify });
    await settled();
    streams[0]?.answer(answer(2, { created: true }));
    streams[0]?.answer(answer(50));
    await settled();
    streams[0]?.finish();
    await timing.advance(10_000);
    expect(startOf(1)).toBe(51n);
    expect(batches).toEqual(progressNotify ? [{ revision: 50, events: [] }] : []);
  }
});

test("a revision that comes in pieces is told as a whole, and asked for again if a piece is missing", async () => {
  const { streams, timing, startOf, batches } = watching({ startRevision: 4 });
  await settled();
  streams[0]?.answer(answer(4, { created: true }));
  streams[0]?.answer(answer(4, { events: [put(4)], fragment: true }));
  await settled();
  expect(batches).toEqual([]);
  streams[0]?.finish(AWAY);
  await timing.advance(10_000);
  expect(startOf(1)).toBe(4n);
  streams[1]?.answer(answer(4, { events: [put(4)], fragment: true }));
  streams[1]?.answer(answer(4, { events: [put(4)] }));
  await settled();
  expect(batches.map(({ revision, events }) => [revision, events.length])).toEqual([[4, 2]]);
});

test("compacted history ends it with an error that says from where on there is history", async () => {
  const { streams, end } = watching({ startRevision: 3 });
  await settled();
  streams[0]?.answer(answer(90, { canceled: true, compactRevision: 40n }));
  const error = await end;
  expect(error).toBeInstanceOf(CompactedError);
  expect(error).toMatchObject({ compactRevision: 40 });
});

test("a refused watch ends with the server's reason; a refused token is only a reason to log in again", async () => {
  const refused = watching();
  await settled();
  refused.streams[0]?.answer(answer(1, { canceled: true, cancelReason: "etcdserver: permission denied" }));
  expect(await refused.end).toEqual(new WatchRefusedError("etcdserver: permission denied"));

  const expired = watching();
  await settled();
  expired.streams[0]?.answer(answer(1, { canceled: true, cancelReason: "etcdserver: invalid auth token" }));
  await expired.timing.advance(10_000);
  expect(expired.streams).toHaveLength(2);
  expect(expired.logins()).toBe(1);
});

test("a refused login ends it", async () => {
  const { timing, failures, streams, end } = watching();
  await settled();
  failures.push(new RpcError(Code.INVALID_ARGUMENT, "etcdserver: authentication failed, invalid user ID or password"));
  streams[0]?.finish(AWAY);
  await timing.advance(10_000);
  expect(await end).toMatchObject({ code: Code.INVALID_ARGUMENT });
});

test("while no endpoint can be reached it tries again, ever more seldom, but never gives up", async () => {
  const { timing, failures, streams } = watching();
  await settled();
  failures.push(...Array.from({ length: 20 }, () => AWAY));
  streams[0]?.finish(AWAY);
  await timing.advance(1000);
  // Pauses of 50, 100, 200 and 400 ms.
  expect(failures).toHaveLength(16);
  await timing.advance(60_000);
  expect(failures).toHaveLength(0);
  expect(streams).toHaveLength(2);
});

test("the signal ends it without an error and cancels the stream", async () => {
  const { streams, end, controller } = watching();
  await settled();
  controller.abort();
  expect(await end).toBe("ended");
  expect(streams[0]?.isCancelled).toBe(true);
});

test("leaving the loop cancels the stream", async () => {
  const stream: Stream = new ScriptedStream();
  const client = { watch: { watch: () => stream }, connect: async () => {}, forgetLogin: () => {} };
  stream.answer(answer(4, { events: [put(4)] }));
  for await (const { revision } of watchChanges(client, { key: Buffer.from("k") }, new ManualTiming())) {
    expect(revision).toBe(4);
    break;
  }
  expect(stream.isCancelled).toBe(true);
});
