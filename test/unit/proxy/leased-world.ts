import { create } from "@bufbuild/protobuf";
import { onTestFinished } from "vitest";
import {
  CompareSchema,
  DeleteRangeRequestSchema,
  PutRequestSchema,
  RangeRequestSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { NO_ORIGIN } from "../../../server/proxy/upstream.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import { settled } from "../../support/manual-timing.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { LeasedCluster, type Way } from "./leased-cluster.ts";

/** Two proxies of a cluster, whose sessions have begun. */
export async function leasedWorld(ways: { readonly first?: Way; readonly second?: Way } = {}) {
  const cluster = new LeasedCluster();
  const [first, second] = [cluster.proxy(ways.first), cluster.proxy(ways.second)];
  onTestFinished(async () => {
    void first.close();
    void second.close();
    await cluster.timing.advance(10_000);
  });
  for (let turn = 0; turn < 4; turn++) await settled();
  return { cluster, first, second };
}

/** Puts a key. */
export const put = (kv: UpstreamKv, key: string, value: string, more: object = {}) =>
  kv.put(create(PutRequestSchema, { key: bytes(key), value: bytes(value), ...more }), NO_ORIGIN);

/** Reads a key. */
export const read = async (kv: UpstreamKv, key: string, more: object = {}) =>
  kv.range(create(RangeRequestSchema, { key: bytes(key), ...more }), NO_ORIGIN);

/** The value of a key; empty: there is no such key. */
export const valueOf = async (kv: UpstreamKv, key: string) => text((await read(kv, key)).kvs[0]?.value);

/** Deletes a key, or a range of them. */
export const remove = (kv: UpstreamKv, key: string, rangeEnd = "") =>
  kv.deleteRange(create(DeleteRangeRequestSchema, { key: bytes(key), rangeEnd: bytes(rangeEnd) }), NO_ORIGIN);

/** A put in a transaction. */
export const putOp = (key: string, value: string, more: object = {}) =>
  ({ request: { case: "requestPut", value: { key: bytes(key), value: bytes(value), ...more } } }) as const;

/** A deletion in a transaction. */
export const deleteOp = (key: string, rangeEnd = "") =>
  ({ request: { case: "requestDeleteRange", value: { key: bytes(key), rangeEnd: bytes(rangeEnd) } } }) as const;

/** A read in a transaction. */
export const readOp = (key: string, more: object = {}) =>
  ({ request: { case: "requestRange", value: { key: bytes(key), ...more } } }) as const;

/** Holds if the key has this value. */
export const valueIs = (key: string, value: string) =>
  create(CompareSchema, { key: bytes(key), target: 3, targetUnion: { case: "value", value: bytes(value) } });
