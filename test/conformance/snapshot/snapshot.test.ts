import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import {
  appendTrailer,
  readDatabase,
  type SnapshotRow,
  snapshotStatus,
  verifyTrailer,
  writeDatabase,
} from "../../../server/snapshot/snapshot-file.ts";
import { etcdBinary, run, startEtcd } from "../../support/etcd-binaries.ts";
import { goldenPath } from "../../support/golden.ts";
import { ETCD_BUCKETS, gather, metaRows, putRow, slicesOf } from "../../support/snapshot-rows.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Snapshots that we write are taken by real etcdutl and etcd, and theirs by us. */

function etcdutl(...args: string[]): string {
  return run(etcdBinary("etcdutl"), args);
}

/** etcdutl's status by its own report, and ours, of the same file. */
async function statuses(path: string): Promise<readonly [unknown, unknown]> {
  const file = await nodeDisk.open(path, "read");
  const ours = await snapshotStatus(file);
  await file.close();
  return [JSON.parse(etcdutl("snapshot", "status", path, "-w", "json")), ours];
}

function restore(path: string): string {
  const dataDir = join(tempFolder(), "restored");
  etcdutl("snapshot", "restore", path, "--data-dir", dataDir);
  return dataDir;
}

async function writeSnapshot(slices: AsyncIterable<readonly SnapshotRow[]>): Promise<string> {
  const path = join(tempFolder(), "ours.db");
  await writeDatabase(nodeDisk, path, ETCD_BUCKETS, slices);
  await appendTrailer(nodeDisk, path);
  return path;
}

test.each(["empty", "keys100", "compacted", "auth", "tree3"])(
  "etcdutl takes the snapshot %s as we write it",
  async (name) => {
    const golden = await nodeDisk.open(goldenPath(`snapshots/${name}.db`), "read");
    const path = await writeSnapshot(slicesOf(await gather(readDatabase(golden))));
    const [theirs, ours] = await statuses(path);
    expect(ours).toEqual(theirs);
    expect({ ...ours!, totalSize: 0 }).toEqual({ ...(await snapshotStatus(golden)), totalSize: 0 });
    restore(path);
    await golden.close();
  },
);

test("a restored etcd serves what we wrote, compacts it and saves it again", async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => putRow(i + 2, `key${i % 1000}`, Buffer.from(`value ${i}`)));
  const path = await writeSnapshot(slicesOf([...rows, ...metaRows()]));
  const etcd = await startEtcd(restore(path));
  expect(etcd.etcdctl("get", "key7", "--print-value-only")).toBe("value 2007\n");
  etcd.etcdctl("del", "key5", "key6");
  etcd.etcdctl("compact", "3002");
  etcd.etcdctl("defrag");
  const saved = join(tempFolder(), "saved.db");
  etcd.etcdctl("snapshot", "save", saved);
  const [theirs, ours] = await statuses(saved);
  expect(ours).toEqual(theirs);
  const file = await nodeDisk.open(saved, "read");
  await verifyTrailer(file);
  await file.close();
});

test("a snapshot of a live etcd database file is read where pages are out of order", async () => {
  const dataDir = tempFolder();
  const etcd = await startEtcd(dataDir);
  for (let i = 0; i < 200; i++) etcd.etcdctl("put", `key${i % 50}`, "v".repeat(i * 20));
  etcd.etcdctl("compact", "100");
  await etcd.stop();
  const copy = join(tempFolder(), "db");
  cpSync(join(dataDir, "member/snap/db"), copy);
  const [theirs, ours] = await statuses(copy);
  expect(ours).toEqual(theirs);
});

const MILLION = 1_000_000;
/** What a million rows may add to the memory of the process: much less than the 100 MB of the rows. */
const MAX_GROWTH_MIB = 64;

test("a million rows are written in bounded memory, and etcdutl takes them", async () => {
  const path = join(tempFolder(), "million.db");
  const script = join(import.meta.dirname, "write-million-rows.ts");
  const [grownMiB = 0, elapsedMs = 0] = run(process.execPath, [script, path, `${MILLION}`])
    .split(" ")
    .map(Number);
  const [theirs, ours] = await statuses(path);
  expect(ours).toEqual(theirs);
  expect(ours).toMatchObject({ totalKey: MILLION, revision: MILLION + 1 });
  restore(path);
  process.stdout.write(`a million rows: ${elapsedMs} ms, memory grew by ${grownMiB} MiB\n`);
  expect(grownMiB).toBeLessThan(MAX_GROWTH_MIB);
});
