import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { readSnapshotMarkers, readWal, type WalItem } from "../../../server/wal/wal-contents.ts";
import { Wal } from "../../../server/wal/wal.ts";
import { goldenFile, goldenPath } from "../../support/golden.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { asGoContents, type GoContents, writeSampleLog } from "../../support/wal-sample.ts";

function goldenJson(name: string): GoContents {
  return JSON.parse(new TextDecoder().decode(goldenFile(name)));
}

function copyOf(name: string): string {
  const folder = join(tempFolder(), "wal");
  cpSync(goldenPath(name), folder, { recursive: true });
  return folder;
}

test.each([
  ["member", "member", 0, 0],
  ["segments", "segments", 0, 0],
  ["segments", "segments-from-19", 19, 1],
])("etcd's log %s says the same to us as to etcd: %s", async (name, expected, index, term) => {
  const { wal, ...contents } = await Wal.open(nodeDisk, copyOf(`wal/${name}`), { from: { index, term } });
  const { snapshots, ...golden } = goldenJson(`wal/${expected}.json`);
  expect(asGoContents(contents)).toEqual(golden);
  expect(snapshots.length).toBeGreaterThan(0);
  await wal.close();
});

test("the markers of valid snapshots are those that etcd finds", async () => {
  const markers = await readSnapshotMarkers(nodeDisk, goldenPath("wal/member"));
  expect(markers).toHaveLength(goldenJson("wal/member.json").snapshots.length);
  expect(markers[0]).toEqual({ index: 0, term: 0, confState: undefined });
  expect(markers[1]).toMatchObject({
    index: 9,
    term: 2,
    confState: { voters: [expect.any(BigInt)], autoLeave: false },
  });
});

test("the same appends give the same bytes as etcd's package", async () => {
  const folder = join(tempFolder(), "wal");
  await writeSampleLog(nodeDisk, folder, 40960, 40);
  const [name = ""] = readdirSync(goldenPath("wal/single"));
  expect(await nodeDisk.list(folder)).toEqual([name]);
  expect(Buffer.compare(readFileSync(join(folder, name)), goldenFile(`wal/single/${name}`))).toBe(0);
});

test("a log can be read without changing it, item by item", async () => {
  const items: WalItem[] = [];
  await readWal(nodeDisk, goldenPath("wal/segments"), (item) => items.push(item));
  const kinds = Map.groupBy(items, (item) => item.kind);
  expect(kinds.get("metadata")).toHaveLength(4);
  expect(kinds.get("entry")).toHaveLength(42);
  expect(kinds.get("snapshot")).toHaveLength(2);
});

test("appending goes on where etcd has stopped", async () => {
  const folder = copyOf("wal/segments");
  const from = { index: 19, term: 1 };
  const { wal, ...before } = await Wal.open(nodeDisk, folder, { from, segmentBytes: 8192 });
  const entry = { type: 0 as const, term: 2, index: 41, data: new Uint8Array(9000) };
  await wal.append({ entries: [entry], sync: true });
  await wal.append({ entries: [{ ...entry, index: 42 }], sync: true });
  await wal.close();
  const { wal: again, ...after } = await Wal.open(nodeDisk, folder, { from, segmentBytes: 8192 });
  expect(after.entries).toEqual([...before.entries, entry, { ...entry, index: 42 }]);
  expect(after.hardState).toEqual(before.hardState);
  await again.close();
});
