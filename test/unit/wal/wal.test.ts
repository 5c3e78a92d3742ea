import { expect, test } from "vitest";
import type { Entry, HardState } from "../../../server/proto/raft-message.ts";
import { DiskError } from "../../../server/ports/disk-error.ts";
import { WalError } from "../../../server/wal/wal-error.ts";
import { Wal, walExists } from "../../../server/wal/wal.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const folder = "/data/member/wal";
const metadata = Uint8Array.of(8, 1, 16, 2);
const from = { index: 0, term: 0 };
const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

function entry(index: number, size = 10): Entry {
  return { type: 0, term: 1, index, data: new Uint8Array(size).fill(index) };
}

function state(commit: number): HardState {
  return { term: 1, vote: 7n, commit };
}

async function newDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await disk.makeFolder("/data/member");
  await disk.syncFolder("/");
  await disk.syncFolder("/data");
  return disk;
}

async function newWal(segmentBytes = 4096): Promise<{ disk: SimulatedDisk; wal: Wal }> {
  const disk = await newDisk();
  return { disk, wal: await Wal.create(disk, folder, { metadata, segmentBytes }) };
}

/** Counts the operations on the disk from now on. */
function counted(disk: SimulatedDisk): Map<string, number> {
  const counts = new Map<string, number>();
  disk.hook = (operation) => void counts.set(operation, (counts.get(operation) ?? 0) + 1);
  return counts;
}

test("a new log is empty and is not made twice", async () => {
  const { disk, wal } = await newWal();
  await wal.close();
  expect(await walExists(disk, folder)).toBe(true);
  await expect(Wal.create(disk, folder, { metadata })).rejects.toThrow("there is a log already");
  const opened = await Wal.open(disk, folder, { from });
  expect(opened).toMatchObject({ metadata, entries: [], hardState: { term: 0, vote: 0n, commit: 0 } });
});

test("a power cut while a log is made leaves none or a whole one", async () => {
  for (let operations = 0; ; operations++) {
    const disk = await newDisk();
    let left = operations;
    disk.hook = (operation, path) => {
      if (left-- === 0) throw new Error(`power cut at ${operation} ${path}`);
    };
    const isMade = await Wal.create(disk, folder, { metadata, segmentBytes: 4096 }).then(
      () => true,
      () => false,
    );
    const after = disk.cutPower();
    const isThere = await walExists(after, folder);
    if (isThere) await Wal.open(after, folder, { from });
    else await Wal.create(after, folder, { metadata, segmentBytes: 4096 });
    if (isMade) {
      expect(isThere).toBe(true);
      break;
    }
  }
});

test("what was appended is read back, the last hard state wins", async () => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1), entry(2)], hardState: state(1), sync: true });
  await wal.append({ entries: [entry(3)], hardState: state(2), sync: true });
  await wal.close();
  const opened = await Wal.open(disk, folder, { from });
  expect(opened.entries).toEqual([entry(1), entry(2), entry(3)]);
  expect(opened.hardState).toEqual(state(2));
});

test("an entry replaces all from its index on", async () => {
  const { disk, wal } = await newWal();
  const replacement = { ...entry(2), term: 2 };
  await wal.append({ entries: [entry(1), entry(2), entry(3)], sync: true });
  await wal.append({ entries: [replacement], sync: true });
  await wal.close();
  expect((await Wal.open(disk, folder, { from })).entries).toEqual([entry(1), replacement]);
});

test("a lone append that wants a sync costs one write and one sync", async () => {
  const { disk, wal } = await newWal();
  const counts = counted(disk);
  await wal.append({ entries: [entry(1)], hardState: state(0), sync: true });
  expect(Object.fromEntries(counts)).toEqual({ write: 1, datasync: 1 });
  await wal.append({ entries: [], hardState: state(1), sync: false });
  expect(Object.fromEntries(counts)).toEqual({ write: 2, datasync: 1 });
});

test("all that arrives during a sync shares the next one, in order", async () => {
  const { disk, wal } = await newWal(1_000_000);
  const counts = counted(disk);
  const resolved: number[] = [];
  const appends = Array.from({ length: 100 }, async (_, i) => {
    if (i >= 50) await Promise.resolve();
    await wal.append({ entries: [entry(i + 1)], sync: true });
    resolved.push(i + 1);
  });
  await Promise.all(appends);
  expect(resolved).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  expect(counts.get("write")).toBeLessThanOrEqual(3);
  expect(counts.get("datasync")).toBeLessThanOrEqual(3);
});

test("an append is not answered before its sync is done", async () => {
  const { disk, wal } = await newWal();
  const synced = Promise.withResolvers<void>();
  disk.hook = (operation) => (operation === "datasync" ? synced.promise : undefined);
  let isAnswered = false;
  const append = wal.append({ entries: [entry(1)], sync: true }).then(() => (isAnswered = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isAnswered).toBe(false);
  synced.resolve();
  await append;
});

test("segments are cut at their size and read back as one log", async () => {
  const { disk, wal } = await newWal(1024);
  const entries = Array.from({ length: 40 }, (_, i) => entry(i + 1, 100));
  for (const one of entries) await wal.append({ entries: [one], hardState: state(one.index - 1), sync: true });
  await wal.close();
  const files = await disk.list(folder);
  expect(files.length).toBeGreaterThan(4);
  expect(files[1]).toMatch(/^0000000000000001-000000000000000[0-9a-f]\.wal$/);
  const opened = await Wal.open(disk, folder, { from, segmentBytes: 1024 });
  expect(opened.entries).toEqual(entries);
  expect(opened.hardState).toEqual(state(39));
});

test("released segments are gone, and reading from the snapshot still works", async () => {
  const { disk, wal } = await newWal(1024);
  for (let i = 1; i <= 20; i++) await wal.append({ entries: [entry(i, 200)], hardState: state(i), sync: true });
  await wal.append({ entries: [], snapshot: { index: 15, term: 1, confState }, sync: true });
  const before = await disk.list(folder);
  await wal.releaseBelow(15);
  const after = await disk.list(folder);
  expect(after.length).toBeLessThan(before.length);
  await wal.append({ entries: [entry(21)], sync: true });
  await wal.close();
  const opened = await Wal.open(disk, folder, { from: { index: 15, term: 1 } });
  expect(opened.entries.map(({ index }) => index)).toEqual([16, 17, 18, 19, 20, 21]);
  expect(opened.snapshots).toEqual([{ index: 15, term: 1, confState }]);
  await expect(Wal.open(disk, folder, { from })).rejects.toThrow("no segment goes back to index 0");
});

test("released segments are kept on request", async () => {
  const disk = await newDisk();
  const wal = await Wal.create(disk, folder, { metadata, segmentBytes: 1024, keepReleasedSegments: true });
  for (let i = 1; i <= 20; i++) await wal.append({ entries: [entry(i, 200)], sync: true });
  const before = await disk.list(folder);
  await wal.releaseBelow(20);
  expect(await disk.list(folder)).toEqual(before);
});

test("a snapshot that replaces the log may be far ahead of it", async () => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1)], sync: true });
  await wal.append({
    snapshot: { index: 100, term: 1, confState },
    entries: [entry(101)],
    hardState: state(100),
    sync: true,
  });
  await wal.close();
  const opened = await Wal.open(disk, folder, { from: { index: 100, term: 1 } });
  expect(opened.entries).toEqual([entry(101)]);
  await expect(Wal.open(disk, folder, { from })).rejects.toThrow("entry 101 follows a gap");
});

test.each([
  ["another term", { index: 0, term: 3 }, "the snapshot at 0 has term 0, not 3"],
  ["no such marker", { index: 1, term: 1 }, "there is no snapshot at index 1, term 1"],
])("reading from a snapshot with %s is refused", async (_, position, message) => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1)], sync: true });
  await wal.close();
  await expect(Wal.open(disk, folder, { from: position })).rejects.toThrow(message);
});

test.each(["write", "datasync", "rename", "syncFolder"])(
  "a failed %s is final: everything that waits and comes later rejects with it",
  async (operation) => {
    const { disk, wal } = await newWal(100);
    disk.hook = (now) => {
      if (now === operation) throw new Error("no more");
    };
    const appends = [1, 2, 3].map((index) => wal.append({ entries: [entry(index)], sync: true }));
    await Promise.allSettled(appends);
    await new Promise((resolve) => setImmediate(resolve));
    disk.hook = undefined;
    await expect(wal.append({ entries: [entry(4)], sync: true })).rejects.toThrow("no more");
  },
);

test("a closed log takes nothing more", async () => {
  const { wal } = await newWal();
  const last = wal.append({ entries: [entry(1)], sync: true });
  await wal.close();
  await last;
  await expect(wal.append({ entries: [entry(2)], sync: true })).rejects.toThrow("closed");
});

test("damage before the end is refused with file and offset, and nothing is changed", async () => {
  const { disk, wal } = await newWal(1024);
  for (let i = 1; i <= 10; i++) await wal.append({ entries: [entry(i, 200)], hardState: state(i), sync: true });
  await wal.close();
  const [first = ""] = await disk.list(folder);
  const file = await disk.open(`${folder}/${first}`, "existing");
  await file.write([Uint8Array.of(0xff)], 300);
  const damaged = await file.read(0, 1e6);
  const refusal = await Wal.open(disk, folder, { from }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(WalError);
  expect(refusal).toMatchObject({ file: `${folder}/${first}`, message: expect.stringMatching(/at offset [1-9]/) });
  expect(await file.read(0, 1e6)).toEqual(damaged);
});

test("a missing segment and a lost commit are refused", async () => {
  const { disk, wal } = await newWal(1024);
  for (let i = 1; i <= 20; i++) await wal.append({ entries: [entry(i, 200)], sync: true });
  await wal.append({ entries: [], hardState: state(21), sync: true });
  await wal.close();
  await expect(Wal.open(disk, folder, { from })).rejects.toThrow("entries 21 to 21 were committed but are lost");
  const names = await disk.list(folder);
  await disk.remove(`${folder}/${names[1]}`);
  await expect(Wal.open(disk, folder, { from })).rejects.toThrow("segment 1 is missing");
});

test.each(["write", "datasync"])(
  "a disk that is full at a %s ends the log: nothing later is written either",
  async (operation) => {
    const { disk, wal } = await newWal();
    await wal.append({ entries: [entry(1)], sync: true });
    disk.hook = (at, path) => {
      if (at === operation)
        throw new DiskError(at, path, Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    };
    const failed = wal.append({ entries: [entry(2)], sync: true });
    const behind = wal.append({ entries: [entry(3)], sync: true });
    await expect(failed).rejects.toThrow("the disk is full: make room on it and start this member again");
    await expect(failed).rejects.toThrow("/data/member/wal/");
    await expect(behind).rejects.toBeInstanceOf(DiskError);
    disk.hook = undefined;
    await expect(wal.append({ entries: [entry(4)], sync: true })).rejects.toBeInstanceOf(DiskError);
    const { entries } = await Wal.open(disk.cutPower(), folder, { from });
    expect(entries.map(({ index }) => index)).toEqual([1]);
  },
);

test("a disk too full to reserve the next segment is found out when the segment is needed", async () => {
  const { disk, wal } = await newWal();
  disk.hook = (operation, path) => {
    if (path.endsWith(".tmp"))
      throw new DiskError(operation, path, Object.assign(new Error("full"), { code: "ENOSPC" }));
  };
  await wal.append({ entries: [entry(1, 3000)], sync: true });
  // What is written and synced stays acknowledged, though the log cannot go on behind it.
  await wal.append({ entries: [entry(2, 3000)], sync: true });
  await expect(wal.append({ entries: [entry(3)], sync: true })).rejects.toThrow("the disk is full");
  const { entries } = await Wal.open(disk.cutPower(), folder, { from });
  expect(entries.map(({ index }) => index)).toEqual([1, 2]);
});
