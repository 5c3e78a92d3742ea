import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  LeaseKeepAliveResponseSchema,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
} from "../../../server/proto/gen/rpc_pb.js";
import { LeaseRenewals } from "../../../server/proxy/lease-renewals.ts";
import type { Upstream } from "../../../server/proxy/upstream.ts";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { waitUntil } from "../../support/wait-until.ts";

interface FakeStream {
  readonly sent: bigint[];
  isCancelled: boolean;
  answer(ID: bigint, TTL: bigint): void;
  fail(error: Error): void;
}

/** A cluster whose streams of renewals answer as the test says. */
function cluster(): { readonly upstream: Upstream; readonly streams: FakeStream[] } {
  const streams: FakeStream[] = [];
  const duplex = () => {
    let next = Promise.withResolvers<LeaseKeepAliveResponse>();
    next.promise.catch(() => undefined);
    const stream: FakeStream = {
      sent: [],
      isCancelled: false,
      answer: (ID, TTL) => next.resolve(create(LeaseKeepAliveResponseSchema, { ID, TTL })),
      fail: (error) => next.reject(error),
    };
    streams.push(stream);
    return {
      send: ({ ID }: LeaseKeepAliveRequest) => void stream.sent.push(ID),
      cancel: () => {
        stream.isCancelled = true;
      },
      async *[Symbol.asyncIterator]() {
        for (;;) {
          yield await next.promise;
          next = Promise.withResolvers();
          next.promise.catch(() => undefined);
        }
      },
    };
  };
  return { upstream: { duplex } as unknown as Upstream, streams };
}

test("two who renew a lease at the same time share a renewal, and the next one is another", async () => {
  const { upstream, streams } = cluster();
  const renewals = new LeaseRenewals(upstream, undefined);
  renewals.join();
  const both = [renewals.renew(7n), renewals.renew(7n)];
  expect(streams.map(({ sent }) => sent)).toEqual([[7n]]);
  streams[0]!.answer(7n, 60n);
  expect((await Promise.all(both)).map(({ TTL }) => TTL)).toEqual([60n, 60n]);
  void renewals.renew(7n);
  expect(streams.map(({ sent }) => sent)).toEqual([[7n, 7n]]);
});

test("what a member that went away has not answered is sent to another one", async () => {
  const { upstream, streams } = cluster();
  const renewals = new LeaseRenewals(upstream, undefined);
  renewals.join();
  const renewal = renewals.renew(7n);
  streams[0]!.fail(new RpcError(Code.UNAVAILABLE, "gone"));
  await waitUntil("there is another stream", () => (streams.length === 2 ? true : undefined), { everyMs: 5 });
  expect(streams[1]!.sent).toEqual([7n]);
  streams[1]!.answer(7n, 60n);
  expect((await renewal).TTL).toBe(60n);
});

test("a refusal is told to all who wait", async () => {
  const { upstream, streams } = cluster();
  const renewals = new LeaseRenewals(upstream, "token");
  renewals.join();
  const all = [renewals.renew(1n), renewals.renew(2n)];
  streams[0]!.fail(new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied"));
  for (const renewal of all) await expect(renewal).rejects.toMatchObject({ code: Code.PERMISSION_DENIED });
});

test("the stream ends when the last one leaves", () => {
  const { upstream, streams } = cluster();
  const renewals = new LeaseRenewals(upstream, undefined);
  for (let user = 0; user < 2; user++) renewals.join();
  void renewals.renew(1n);
  renewals.leave();
  expect([streams[0]!.isCancelled, renewals.isUnused]).toEqual([false, false]);
  renewals.leave();
  expect([streams[0]!.isCancelled, renewals.isUnused]).toEqual([true, true]);
});
