import type { Client } from "../../server/client/client.ts";
import { RpcError } from "../../server/rpc/status.ts";
import type { RecordedCall } from "./random-operations.ts";

/** What a cluster answered, in a form that can be compared with another cluster's answer. */
export interface Answer {
  readonly revision: number | undefined;
  readonly text: string;
}

/** Makes a call. Of the header only the revision counts: ids and terms belong to each cluster. */
export async function answerOf(call: RecordedCall, client: Client): Promise<Answer> {
  try {
    const response = await call.make(client);
    const header = (response as { readonly header?: { readonly revision: bigint } }).header;
    return {
      revision: header && Number(header.revision),
      text: JSON.stringify({ ...(response as object), header: header?.revision }, comparable),
    };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { revision: undefined, text: `error ${error.code}: ${error.message}` };
  }
}

function comparable(this: unknown, key: string, json: unknown): unknown {
  // A Buffer has turned itself into a list by now.
  const value = (this as Readonly<Record<string, unknown>>)[key] ?? json;
  if (key === "$typeName" || (key === "header" && typeof value === "object")) return undefined;
  if (typeof value === "bigint") return `${value}n`;
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
}

/** All that a cluster holds: keys with their records, leases with their keys, revision, HashKV. */
export async function contentsOf(client: Client): Promise<unknown> {
  const all = await client.kv.range({ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) });
  const { leases } = await client.lease.leaseLeases({});
  const described = await Promise.all(
    leases.map(async ({ ID }) => {
      const { grantedTTL, keys } = await client.lease.leaseTimeToLive({ ID, keys: true });
      return [ID, grantedTTL, keys.map((key) => Buffer.from(key).toString()).toSorted()];
    }),
  );
  const { hash, compactRevision, hashRevision } = await client.maintenance.hashKV({});
  return {
    revision: all.header?.revision,
    keys: all.kvs.map((kv) => JSON.stringify(kv, comparable)),
    leases: described.toSorted((a, b) => Number((a[0] as bigint) - (b[0] as bigint))),
    hash,
    compactRevision,
    hashRevision,
  };
}
