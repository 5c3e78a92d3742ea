import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { KeptLease } from "../../../server/client/kept-lease.ts";
import {
  LeaseGrantResponseSchema,
  LeaseKeepAliveResponseSchema,
  type LeaseKeepAliveRequestSchema,
  type LeaseKeepAliveResponse,
} from "../../../server/proto/gen/rpc_pb.js";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { ManualTiming, settled } from "../../support/manual-timing.ts";
import { ScriptedStream } from "../../support/scripted-stream.ts";

type Stream = ScriptedStream<MessageInitShape<typeof LeaseKeepAliveRequestSchema>, LeaseKeepAliveResponse>;

/** A lease of nine seconds that is kept alive, with the streams that were opened for it. */
async function kept() {
  const timing = new ManualTiming();
  const streams: Stream[] = [];
  const calls: string[] = [];
  let revokeFails: Error | undefined;
  const client = {
    lease: {
      leaseGrant: async () => create(LeaseGrantResponseSchema, { ID: 5n, TTL: 9n }),
      leaseRevoke: async () => {
        calls.push("revoke");
        if (revokeFails !== undefined) throw revokeFails;
      },
      leaseKeepAlive: () => {
        const stream: Stream = new ScriptedStream();
        streams.push(stream);
        return stream;
      },
    },
    connect: async () => {},
    moveOn: () => {
      calls.push("move on");
    },
  };
  const lease = await KeptLease.grant(client, { ttlSeconds: 9 }, timing);
  onTestFinished(() => lease.stop());
  const failRevoke = (error: Error): void => {
    revokeFails = error;
  };
  return { timing, streams, calls, lease, failRevoke };
}

function alive(ttl: number): LeaseKeepAliveResponse {
  return create(LeaseKeepAliveResponseSchema, { ID: 5n, TTL: BigInt(ttl) });
}

test("it is kept alive three times in its time to live", async () => {
  const { timing, streams, lease } = await kept();
  for (let third = 0; third < 10; third++) {
    await timing.advance(3000);
    streams[0]?.answer(alive(9));
    await settled();
  }
  expect(lease.lost.aborted).toBe(false);
  expect(streams).toHaveLength(1);
  expect(streams[0]?.sent).toHaveLength(10);
});

test("a broken connection is replaced and the lease lives on", async () => {
  const { timing, streams, lease } = await kept();
  await timing.advance(3000);
  streams[0]?.finish(new RpcError(Code.UNAVAILABLE, "away"));
  await timing.advance(100);
  expect(streams).toHaveLength(2);
  streams[1]?.answer(alive(9));
  await timing.advance(7000);
  expect(lease.lost.aborted).toBe(false);
});

test("a member that does not answer is left for the next one", async () => {
  const { timing, streams, calls } = await kept();
  await timing.advance(3000);
  expect(streams).toHaveLength(1);
  await timing.advance(3100);
  expect(calls).toEqual(["move on"]);
  expect(streams).toHaveLength(2);
  expect(streams[0]?.isCancelled).toBe(true);
});

test("it is lost when no answer has come for as long as it lives after the last question that was answered", async () => {
  const { timing, streams, lease } = await kept();
  await timing.advance(3000);
  streams[0]?.answer(alive(9));
  await settled();
  await timing.advance(8900);
  expect(lease.lost.aborted).toBe(false);
  await timing.advance(200);
  expect(lease.lost.aborted).toBe(true);
  expect(String(lease.lost.reason)).toContain("no server has answered in time");
});

test("it is lost at once when the server says that it has ended", async () => {
  const { timing, streams, lease } = await kept();
  await timing.advance(3000);
  streams[0]?.answer(alive(0));
  await settled();
  expect(String(lease.lost.reason)).toContain("expired or was revoked");
});

test("it is lost when the server refuses to keep it alive", async () => {
  const { timing, streams, lease } = await kept();
  await timing.advance(3000);
  streams[0]?.finish(new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied"));
  await settled();
  expect(String(lease.lost.reason)).toContain("permission denied");
});

test("revoking ends it; that it had ended before is no failure, anything else is", async () => {
  const { lease, calls, failRevoke } = await kept();
  failRevoke(new RpcError(Code.NOT_FOUND, "etcdserver: requested lease not found"));
  await lease.revoke();
  expect(calls).toEqual(["revoke"]);
  expect(lease.lost.aborted).toBe(true);
  const other = await kept();
  other.failRevoke(new RpcError(Code.UNAVAILABLE, "away"));
  await expect(other.lease.revoke()).rejects.toThrow("away");
});

test("stopped, it asks no more", async () => {
  const { timing, streams, lease } = await kept();
  await timing.advance(3000);
  streams[0]?.answer(alive(9));
  lease.stop();
  await timing.advance(60_000);
  expect(streams[0]?.sent).toHaveLength(1);
  expect(streams[0]?.isCancelled).toBe(true);
});
