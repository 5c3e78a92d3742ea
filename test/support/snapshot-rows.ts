import type { SnapshotRow } from "../../server/snapshot/snapshot-file.ts";

/** Every bucket of etcd 3.6. */
export const ETCD_BUCKETS: readonly string[] = [
  "alarm",
  "auth",
  "authRoles",
  "authUsers",
  "cluster",
  "key",
  "lease",
  "members",
  "members_removed",
  "meta",
];

/** Rows as the writer wants them: in slices of a number of rows. */
export async function* slicesOf(rows: readonly SnapshotRow[], count = 100): AsyncGenerator<readonly SnapshotRow[]> {
  for (let from = 0; from < rows.length; from += count) yield rows.slice(from, from + count);
}

/** All that an asynchronous iteration of slices gives. */
export async function gather<T>(slices: AsyncIterable<readonly T[]>): Promise<T[]> {
  const rows: T[] = [];
  for await (const slice of slices) rows.push(...slice);
  return rows;
}

/** A row of bucket key: `user key` put at a revision, as etcd stores it. */
export function putRow(main: number, key: string, value: Uint8Array): SnapshotRow {
  const rowKey = new Uint8Array(17);
  new DataView(rowKey.buffer).setBigUint64(0, BigInt(main));
  rowKey[8] = 0x5f;
  const name = Buffer.from(key);
  const revision = varint(main);
  const parts = [[0x0a], varint(name.length), name, [0x10], revision, [0x18], revision, [0x20, 1]];
  const content = value.length === 0 ? [] : [[0x2a], varint(value.length), value];
  return {
    bucket: "key",
    key: rowKey,
    value: new Uint8Array(Buffer.concat([...parts, ...content].map((part) => Buffer.from(part)))),
  };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** The rows of bucket meta that a server finds its state by. */
export function metaRows(): SnapshotRow[] {
  const index = new Uint8Array(8);
  index[7] = 9;
  return [
    row("confState", new TextEncoder().encode('{"voters":[1],"auto_leave":false}')),
    row("consistent_index", index),
    row("storageVersion", new TextEncoder().encode("3.6.0")),
    row("term", index),
  ];
}

function row(key: string, value: Uint8Array): SnapshotRow {
  return { bucket: "meta", key: new TextEncoder().encode(key), value };
}
