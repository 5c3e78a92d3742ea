import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { readSnapshotMarkers, readWal } from "../../../server/wal/wal-contents.ts";
import { Wal } from "../../../server/wal/wal.ts";
import { run, startEtcd } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { asGoContents, type GoContents, writeSampleLog } from "../../support/wal-sample.ts";

/** Both directions against etcd's own package, through test/conformance/wal-go, and against a running etcd. */
const source = join(import.meta.dirname, "../wal-go");
const program = join(source, "../../../node_modules/.cache/wal-go");

beforeAll(() => {
  run("go", ["build", "-C", source, "-o", program, "."]);
});

function etcdReads(folder: string, index: number, term: number): GoContents {
  return JSON.parse(run(program, ["read", folder, `${index}`, `${term}`]));
}

test.each([
  [8192, 40],
  [8192, 1],
  [65536, 700],
  [64_000_000, 100],
])("etcd's package reads our log of %d bytes a segment with %d entries", async (segmentBytes, count) => {
  const folder = join(tempFolder(), "wal");
  await writeSampleLog(nodeDisk, folder, segmentBytes, count);
  const { wal, ...contents } = await Wal.open(nodeDisk, folder, { from: { index: 0, term: 0 } });
  const { snapshots, ...read } = etcdReads(folder, 0, 0);
  expect(read).toEqual(asGoContents(contents));
  expect(read.entries).toHaveLength(count);
  expect(snapshots).toHaveLength((await readSnapshotMarkers(nodeDisk, folder)).length);
  await wal.close();
});

test.each([
  [8192, 40],
  [65536, 700],
])("we read a log that etcd's package wrote with %d bytes a segment and %d entries", async (segmentBytes, count) => {
  const folder = join(tempFolder(), "wal");
  run(program, ["write", folder, `${segmentBytes}`, `${count}`]);
  const index = Math.floor(count / 2) - 1;
  for (const from of [
    { index: 0, term: 0 },
    { index, term: 1 },
  ]) {
    const { wal, ...contents } = await Wal.open(nodeDisk, folder, { from, segmentBytes });
    const { snapshots: _, ...expected } = etcdReads(folder, from.index, from.term);
    expect(asGoContents(contents)).toEqual(expected);
    await wal.close();
  }
});

test("etcd's package reads on where we have appended to its log", async () => {
  const folder = join(tempFolder(), "wal");
  run(program, ["write", folder, "8192", "40"]);
  const { wal } = await Wal.open(nodeDisk, folder, { from: { index: 0, term: 0 }, segmentBytes: 8192 });
  for (let index = 41; index <= 80; index++)
    await wal.append({ entries: [{ type: 0, term: 3, index, data: new Uint8Array(index * 9) }], sync: true });
  await wal.close();
  expect(etcdReads(folder, 0, 0).entries).toHaveLength(80);
  expect(etcdReads(folder, 19, 1).entries).toHaveLength(61);
});

test("we read the log of a running etcd", async () => {
  const dataDir = tempFolder();
  const etcd = await startEtcd(dataDir, "--snapshot-count", "50");
  for (let i = 0; i < 120; i++) etcd.etcdctl("put", `key${i}`, "x".repeat(i * 10));
  const folder = join(dataDir, "member/wal");
  let entries = 0;
  await readWal(nodeDisk, folder, (item) => (entries += item.kind === "entry" ? 1 : 0));
  expect(entries).toBeGreaterThanOrEqual(120);
  await etcd.stop();
  const { wal, ...contents } = await Wal.open(nodeDisk, folder, { from: { index: 0, term: 0 } });
  const { snapshots, ...expected } = etcdReads(folder, 0, 0);
  expect(asGoContents(contents)).toEqual(expected);
  expect(contents.snapshots).toHaveLength(snapshots.length);
  expect(snapshots.length).toBeGreaterThan(2);
  await wal.close();
});
