import { create } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { KV, PutRequestSchema, RangeRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { Upstream } from "../../../server/proxy/upstream.ts";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { fakeEtcd } from "../../support/fake-etcd.ts";
import { waitUntil } from "../../support/wait-until.ts";

const { range, put } = KV.method;
const RANGE = create(RangeRequestSchema, { key: Uint8Array.of(1) });
const PUT = create(PutRequestSchema, { key: Uint8Array.of(1) });

function upstreamOf(...endpoints: string[]): Upstream {
  const upstream = new Upstream(endpoints, { tls: undefined });
  onTestFinished(() => upstream.close());
  return upstream;
}

const member = (count: bigint) => fakeEtcd({ kv: { range: () => ({ count }), put: () => ({}) } });
const unavailable = (): never => {
  throw new RpcError(Code.UNAVAILABLE, "etcdserver: request timed out");
};

async function goneMember(): Promise<string> {
  const { endpoint, stop } = await fakeEtcd({});
  stop();
  return endpoint;
}

test("calls go to the connected endpoints in turn", async () => {
  const upstream = upstreamOf((await member(1n)).endpoint, (await member(2n)).endpoint);
  const answered = new Set<bigint>();
  await waitUntil("both have answered", async () => {
    answered.add((await upstream.unary(range, RANGE)).count);
    return answered.size === 2 ? true : undefined;
  });
});

test("neither a read nor a change is lost at an endpoint where nobody is", async () => {
  const good = await member(1n);
  const upstream = upstreamOf(await goneMember(), good.endpoint);
  for (let round = 0; round < 3; round++) {
    await upstream.unary(range, RANGE);
    await upstream.unary(put, PUT);
  }
  expect(good.calls).toEqual(["Range", "Put", "Range", "Put", "Range", "Put"]);
});

test("a read that a member cannot answer is asked of the next one, a change is not: it may have happened", async () => {
  const bad = await fakeEtcd({ kv: { range: unavailable, put: unavailable } });
  const good = await member(1n);
  const both = upstreamOf(bad.endpoint, good.endpoint);
  for (let round = 0; round < 4; round++) expect((await both.unary(range, RANGE)).count).toBe(1n);
  const alone = upstreamOf(bad.endpoint);
  const before = bad.calls.length;
  await expect(alone.unary(put, PUT)).rejects.toMatchObject({ code: Code.UNAVAILABLE });
  expect(bad.calls.slice(before)).toEqual(["Put"]);
});

const refuse = (): never => {
  throw new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied");
};

test("a refusal comes back as it is", async () => {
  const upstream = upstreamOf((await fakeEtcd({ kv: { range: refuse } })).endpoint);
  await expect(upstream.unary(range, RANGE)).rejects.toMatchObject({
    code: Code.PERMISSION_DENIED,
    message: "etcdserver: permission denied",
  });
});

test("when the caller gives up, so does the call of the cluster", async () => {
  const upstream = upstreamOf((await fakeEtcd({ kv: { range: () => new Promise(() => {}) } })).endpoint);
  const gone = Promise.withResolvers<void>();
  const origin = { metadata: () => undefined, onCancelled: (run: () => void) => void gone.promise.then(run) };
  const calls = [upstream.unary(range, RANGE, { ...origin, onCancelled: (run) => run() })];
  calls.push(upstream.unary(range, RANGE, origin));
  gone.resolve();
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: Code.CANCELED });
});

test("new endpoints are asked from then on, and those that are gone no more", async () => {
  const [old, fresh] = [await member(1n), await member(2n)];
  const upstream = upstreamOf(old.endpoint);
  await upstream.unary(range, RANGE);
  upstream.replaceEndpoints([fresh.endpoint]);
  expect(upstream.endpoints).toEqual([fresh.endpoint]);
  expect((await upstream.unary(range, RANGE)).count).toBe(2n);
  expect(old.calls).toEqual(["Range"]);
});
