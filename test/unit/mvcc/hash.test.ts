import { expect, test } from "vitest";
import { BUCKETS, bucketKey, type Bucket } from "../../../server/backend/buckets.ts";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { readDatabase } from "../../../server/snapshot/snapshot-file.ts";
import { goldenFile, goldenPath } from "../../support/golden.ts";
import { gather } from "../../support/snapshot-rows.ts";
import { TestMachine } from "../../support/test-machine.ts";

interface Golden {
  readonly etcdHashKV: { readonly hash: number; readonly compact_revision: number; readonly hash_revision: number };
  readonly etcdutlStatus: { readonly hash: number; readonly totalKey: number };
}

function golden(name: string): Golden {
  return JSON.parse(new TextDecoder().decode(goldenFile(`snapshots/${name}.json`))) as Golden;
}

/** A machine that has taken over etcd's snapshot. */
async function loaded(name: string): Promise<TestMachine> {
  const file = await nodeDisk.open(goldenPath(`snapshots/${name}.db`), "read");
  const rows = await gather(readDatabase(file));
  await file.close();
  const inOrder = BUCKETS.flatMap((bucket) => rows.filter((row) => row.bucket === bucket));
  return new TestMachine(
    {},
    inOrder.map(({ bucket, key, value }) => [bucketKey(bucket as Bucket, key), value]),
  );
}

test.each(["empty", "keys100", "compacted", "auth", "tree3"])(
  "etcd's snapshot %s has the HashKV, the hash of everything and the keys that etcd gives",
  async (name) => {
    const machine = await loaded(name);
    const { etcdHashKV, etcdutlStatus } = golden(name);
    expect(machine.hashKv()).toEqual({
      hash: etcdHashKV.hash,
      compactRevision: etcdHashKV.compact_revision,
      revision: etcdHashKV.hash_revision,
    });
    expect(machine.machine.mvcc.keyCount).toBe(etcdutlStatus.totalKey);
    expect(machine.hashAll("everything")).toBe(etcdutlStatus.hash);
  },
);

/** The history of the sheet's example. */
function example(): TestMachine {
  const machine = new TestMachine();
  for (const key of ["a", "b", "c"]) machine.put(key, "1");
  machine.put("a", "2");
  machine.delete("b");
  machine.put("d", "1");
  machine.delete("c");
  machine.put("e", "1");
  return machine;
}

test("HashKV of the worked example is etcd's before, at and after the compaction, at every revision", () => {
  const machine = example();
  expect(machine.hashKv(8).hash).toBe(1790630608);
  expect(machine.hashKv(9).hash).toBe(1848204740);
  machine.compact(8);
  machine.put("a", "3");
  machine.put("b", "9");
  machine.delete("e");
  expect(machine.hashKv(8)).toEqual({ hash: 1790630608, compactRevision: -1, revision: 8 });
  expect(machine.hashKv(9).hash).toBe(3912113309);
  expect(machine.hashKv(10).hash).toBe(2814675137);
  expect(machine.hashKv(12)).toEqual({ hash: 114592535, compactRevision: 8, revision: 12 });
  expect(machine.hashKv().hash).toBe(114592535);
  expect(() => machine.hashKv(7)).toThrow("compacted");
  expect(() => machine.hashKv(13)).toThrow("future-revision");
});

test("a restart forgets the compaction's own hash and computes as etcdutl does", () => {
  const machine = example();
  machine.compact(8);
  for (const [key, value] of [
    ["a", "3"],
    ["b", "9"],
  ] as const) {
    machine.put(key, value);
  }
  machine.delete("e");
  const again = machine.restarted();
  expect(again.hashKv(8).hash).toBe(3016711988);
  expect(again.hashKv().hash).toBe(114592535);
});

test("an empty store hashes its bucket's name", () => {
  expect(new TestMachine().hashKv()).toEqual({ hash: 1084519789, compactRevision: -1, revision: 1 });
});

test("only the last ten compactions are remembered", () => {
  const machine = new TestMachine();
  for (let i = 0; i < 12; i++) {
    machine.put("k", String(i));
    machine.compact(machine.machine.mvcc.currentRevision);
  }
  expect(machine.machine.mvcc.cachedHashes().map(({ revision }) => revision)).toEqual([
    13, 12, 11, 10, 9, 8, 7, 6, 5, 4,
  ]);
  expect(machine.machine.mvcc.cachedHash(3)).toBeUndefined();
});
