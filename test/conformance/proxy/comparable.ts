import { RpcError } from "../../../server/rpc/status.ts";

/** What is different in two clusters, or was chosen at random. */
const LEFT_OUT = new Set(["clusterId", "memberId", "raftTerm", "$typeName"]);

/** What two servers can be compared by: keys as text, counters as text, nothing that a cluster has for itself. */
export function comparable(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, function (this: unknown, key: string, json: unknown) {
      const raw = (this as Readonly<Record<string, unknown>>)[key] ?? json;
      if (LEFT_OUT.has(key)) return undefined;
      if (raw instanceof Uint8Array) return Buffer.from(raw).toString("latin1");
      return typeof raw === "bigint" ? String(raw) : raw;
    }) ?? "null",
  ) as unknown;
}

/** An answer, or the text of a refusal: etcd's proxy loses the code of most of them, ours passes it on. */
export async function said(call: Promise<unknown>): Promise<unknown> {
  try {
    return comparable(await call);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return `refused: ${error.message}`;
  }
}
