import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ChangedKeys } from "../../../../operator/backup/changed-keys.ts";
import { snapshotFacts } from "../../../../operator/backup/snapshot-facts.ts";
import { nodeDisk } from "../../../../server/host/node-disk.ts";
import { HashKv, KeepSet } from "../../../../server/mvcc/hash.ts";
import { encodeRecord, encodeTombstone } from "../../../../server/mvcc/record-codec.ts";
import { encodeRevision } from "../../../../server/mvcc/revision.ts";
import { writeDatabase, type SnapshotRow } from "../../../../server/snapshot/snapshot-file.ts";
import { goldenFile, goldenPath } from "../../../support/golden.ts";
import { ETCD_BUCKETS, metaRows, slicesOf } from "../../../support/snapshot-rows.ts";
import { tempFolder } from "../../../support/temp-folder.ts";

interface Golden {
  readonly etcdHashKV: { readonly hash: number; readonly compact_revision: number; readonly hash_revision: number };
  readonly etcdutlStatus: { readonly hash: number; readonly totalSize: number; readonly version: string };
}

test.each(["empty", "keys100", "compacted", "auth", "tree3"])(
  "the facts of etcd's snapshot %s are what etcd and etcdutl said about it",
  async (name) => {
    const golden = JSON.parse(new TextDecoder().decode(goldenFile(`snapshots/${name}.json`))) as Golden;
    const file = await nodeDisk.open(goldenPath(`snapshots/${name}.db`), "read");
    const { etcdHashKV, etcdutlStatus } = golden;
    const facts = await snapshotFacts(file);
    await file.close();
    expect(facts).toMatchObject({
      revision: etcdHashKV.hash_revision,
      compactRevision: etcdHashKV.compact_revision,
      hashKv: etcdHashKV.hash,
      statusHash: etcdutlStatus.hash,
      databaseBytes: etcdutlStatus.totalSize,
      storageVersion: etcdutlStatus.version,
    });
    expect(facts.raftTerm).toBeGreaterThan(0);
    expect(facts.raftIndex).toBeGreaterThan(0);
  },
);

interface Row {
  readonly main: number;
  readonly sub: number;
  readonly key: string;
  readonly isTombstone: boolean;
}

/** Per key its newest row up to a revision: etcd's keep, without the rows that are deletions. */
function kept(rows: readonly Row[], revision: number): readonly Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) if (row.main <= revision) newest.set(row.key, row);
  return [...newest.values()].filter(({ isTombstone }) => !isTombstone);
}

/** What a compaction to `revision` leaves; it may have been interrupted after some of the rows. */
function compacted(rows: readonly Row[], revision: number, rowsDone = Infinity): readonly Row[] {
  const keep = new Set(kept(rows, revision));
  let seen = 0;
  return rows.filter((row) => {
    if (row.main > revision || seen++ >= rowsDone) return true;
    return keep.has(row) || (row.isTombstone && row.main === revision);
  });
}

function encoded({ main, sub, key, isTombstone }: Row): SnapshotRow {
  const name = new TextEncoder().encode(key);
  const about = { createRevision: main, modRevision: main, version: 1, lease: 0n };
  const value = isTombstone ? encodeTombstone(name) : encodeRecord(name, new Uint8Array([main % 256]), about);
  return { bucket: "key", key: encodeRevision(main, sub, isTombstone), value };
}

function metaRow(name: string, revision: number): SnapshotRow {
  return { bucket: "meta", key: new TextEncoder().encode(name), value: encodeRevision(revision, 0, false) };
}

/** HashKV by its definition, with every key in memory. */
function naiveHash(rows: readonly Row[], revision: number, compactRevision: number): number {
  const keep = new KeepSet(compactRevision);
  for (const { main, sub } of kept(rows, revision)) keep.add(main, sub);
  const hash = new HashKv({ revision, compactRevision, keep });
  for (const row of rows.map(encoded)) hash.row(row.key, row.value);
  return hash.result().hash;
}

/** Transactions of a few changes each, then up to two compactions, of which the last may be unfinished. */
const histories = fc.record({
  changes: fc.array(
    fc.array(fc.record({ key: fc.constantFrom("a", "b", "c", "d", "e"), isPut: fc.boolean() }), {
      minLength: 1,
      maxLength: 3,
    }),
    { maxLength: 14 },
  ),
  finishedAt: fc.nat(100),
  scheduledAt: fc.nat(100),
  rowsDone: fc.nat(12),
});

test("HashKV of a snapshot is that of the definition, with compactions done, under way or never begun", async () => {
  const folder = tempFolder();
  let run = 0;
  let unfinished = 0;
  await fc.assert(
    fc.asyncProperty(histories, async ({ changes, finishedAt, scheduledAt, rowsDone }) => {
      const all = rowsOf(changes);
      const last = all.at(-1)?.main ?? 1;
      const finished = finishedAt > last ? -1 : finishedAt;
      const scheduled = scheduledAt > last || scheduledAt < finished ? finished : scheduledAt;
      if (scheduled > finished) unfinished++;
      const left = compacted(
        finished < 0 ? all : compacted(all, finished),
        scheduled,
        scheduled > finished ? rowsDone : 0,
      );
      const meta = [
        ...(finished < 0 ? [] : [metaRow("finishedCompactRev", finished)]),
        ...(scheduled < 0 ? [] : [metaRow("scheduledCompactRev", scheduled)]),
        ...metaRows(),
      ].toSorted((a, b) => Buffer.compare(a.key, b.key));
      const path = join(folder, `${String(run++)}.db`);
      await writeDatabase(nodeDisk, path, ETCD_BUCKETS, slicesOf([...left.map(encoded), ...meta]));
      const file = await nodeDisk.open(path, "read");
      const facts = await snapshotFacts(file);
      await file.close();
      const revision = Math.max(1, left.at(-1)?.main ?? 0, scheduled, finished);
      expect(facts).toMatchObject({
        revision,
        compactRevision: scheduled,
        hashKv: naiveHash(left, revision, scheduled),
      });
    }),
    { numRuns: 300 },
  );
  expect(unfinished).toBeGreaterThan(20);
});

/** A deletion of a key that is not there changes nothing, as in etcd. */
function rowsOf(changes: readonly (readonly { readonly key: string; readonly isPut: boolean }[])[]): readonly Row[] {
  const live = new Set<string>();
  const rows: Row[] = [];
  let main = 2;
  for (const transaction of changes) {
    let sub = 0;
    for (const { key, isPut } of transaction) {
      if (!isPut && !live.delete(key)) continue;
      if (isPut) live.add(key);
      rows.push({ main, sub: sub++, key, isTombstone: !isPut });
    }
    if (sub > 0) main++;
  }
  return rows;
}

test("a file that is no snapshot is refused", async () => {
  const path = join(tempFolder(), "db");
  await writeDatabase(nodeDisk, path, ["key"], slicesOf([]));
  const file = await nodeDisk.open(path, "read");
  await expect(snapshotFacts(file)).rejects.toThrow("it has no bucket meta");
  await file.close();
});

const encoder = new TextEncoder();

function keyName(n: number): Uint8Array {
  return encoder.encode(`key/${String(n)}`);
}

test("the newest row of each of thirty thousand keys is known", () => {
  const keys = new ChangedKeys();
  for (let n = 0; n < 30_000; n++) keys.set(keyName(n), { main: n + 1, sub: n % 7, isTombstone: true });
  expect(keys.hasLiveKey()).toBe(false);
  for (let n = 0; n < 30_000; n += 3) keys.set(keyName(n), { main: n + 200_000, sub: 0, isTombstone: false });
  expect(keys.hasLiveKey()).toBe(true);
  expect(keys.size).toBe(30_000);
  const wrong = Array.from({ length: 30_000 }, (_, n) => n).filter((n) => {
    const { main, sub, isTombstone } = keys.get(keyName(n)) ?? {};
    return n % 3 === 0
      ? main !== n + 200_000 || sub !== 0 || isTombstone !== false
      : main !== n + 1 || sub !== n % 7 || isTombstone !== true;
  });
  expect(wrong).toEqual([]);
  expect(keys.get(keyName(30_000))).toBeUndefined();
});
