import * as fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import type { Entry } from "../../../server/proto/raft-message.ts";
import { WalError } from "../../../server/wal/wal-error.ts";
import { Wal } from "../../../server/wal/wal.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

const folder = "/wal";
const metadata = Uint8Array.of(1, 2, 3);
const from = { index: 0, term: 0 };
const segmentBytes = 8192;

async function newWal(): Promise<{ disk: SimulatedDisk; wal: Wal }> {
  const disk = new SimulatedDisk();
  return { disk, wal: await Wal.create(disk, folder, { metadata, segmentBytes }) };
}

function entry(index: number, size: number): Entry {
  return { type: 0, term: 1, index, data: Uint8Array.from({ length: size }, (_, i) => (i * 7 + index) % 251) };
}

/** Appends of some entries each; the last ones are under way when the power fails. */
const batches = fc.array(fc.array(fc.nat(1500), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });

test("a power cut at any moment loses no synced entry and invents none, again and again", async () => {
  await fc.assert(
    fc.asyncProperty(batches, fc.nat(40), fc.nat(), async (sizes, operationsLeft, seed) => {
      const random = seededRandom(seed);
      let { disk, wal } = await newWal();
      const entries: Entry[] = [];
      for (let round = 0; round < 3; round++) {
        const acknowledged = await appendUntilPowerCut(disk, wal, entries, sizes, operationsLeft);
        disk = disk.cutPower(random);
        const opened = await Wal.open(disk, folder, { from, segmentBytes });
        expect(opened.entries.length).toBeGreaterThanOrEqual(acknowledged);
        expect(opened.entries).toEqual(entries.slice(0, opened.entries.length));
        entries.length = opened.entries.length;
        wal = opened.wal;
      }
    }),
    { numRuns: Number(process.env["KVORUM_PROPERTY_RUNS"] ?? 150) },
  );
});

/** Appends to the log until the disk has done so many operations; the index up to which a sync was acknowledged. */
async function appendUntilPowerCut(
  disk: SimulatedDisk,
  wal: Wal,
  entries: Entry[],
  sizes: readonly (readonly number[])[],
  operations: number,
): Promise<number> {
  let left = operations;
  let acknowledged = entries.length;
  disk.hook = () => {
    if (left-- <= 0) throw new Error("power cut");
  };
  for (const batch of sizes) {
    const appended = batch.map((size, i) => entry(entries.length + 1 + i, size));
    entries.push(...appended);
    const last = entries.length;
    const hardState = { term: 1, vote: 1n, commit: acknowledged };
    await wal.append({ entries: appended, hardState, sync: true }).then(
      () => (acknowledged = last),
      () => {},
    );
  }
  return acknowledged;
}

test("a last write that was torn after any sector and left zeros is cut to whole records", async () => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1, 300)], sync: true });
  const path = `${folder}/${(await disk.list(folder))[0]}`;
  const before = await (await disk.open(path, "read")).read(0, segmentBytes);
  await wal.append({ entries: [entry(2, 700), entry(3, 1400)], sync: true });
  await wal.close();
  const file = await disk.open(path, "existing");
  const after = await file.read(0, segmentBytes);
  const start = after.findIndex((byte, i) => byte !== before[i]);
  const end = after.findLastIndex((byte, i) => byte !== before[i]) + 1;
  for (let sector = Math.ceil(start / 512) * 512; sector < end; sector += 512) {
    const torn = after.slice();
    torn.fill(0, sector);
    await file.write([torn], 0);
    const { wal: opened, entries } = await Wal.open(disk, folder, { from, segmentBytes });
    expect(entries).toEqual([entry(1, 300), entry(2, 700), entry(3, 1400)].slice(0, entries.length));
    expect(entries.length).toBeGreaterThanOrEqual(1);
    await opened.append({ entries: [entry(entries.length + 1, 5)], sync: true });
    await opened.close();
    const again = await Wal.open(disk, folder, { from, segmentBytes });
    expect(again.entries).toEqual([...entries, entry(entries.length + 1, 5)]);
    await again.wal.close();
  }
});

test("what a torn write has left is kept beside the log, and nothing is where there was none", async () => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1, 300), entry(2, 2000)], sync: true });
  await wal.close();
  const name = (await disk.list(folder))[0] ?? "";
  const path = `${folder}/${name}`;
  await (await Wal.open(disk, folder, { from, segmentBytes })).wal.close();
  expect(await disk.list(folder)).toEqual([name]);
  const file = await disk.open(path, "existing");
  await file.write([new Uint8Array(segmentBytes - 1024)], 1024);
  const torn = await file.read(0, segmentBytes);
  const { wal: opened, entries } = await Wal.open(disk, folder, { from, segmentBytes });
  expect(entries).toEqual([entry(1, 300)]);
  await opened.close();
  expect(await disk.list(folder)).toEqual([name, `${name}.broken`]);
  expect(await (await disk.open(`${path}.broken`, "read")).read(0, segmentBytes)).toEqual(torn);
});

test("a log whose file ends anywhere is read up to the last whole record", async () => {
  const { disk, wal } = await newWal();
  await wal.append({ entries: [entry(1, 100), entry(2, 50), entry(3, 9)], sync: true });
  await wal.close();
  const path = `${folder}/${(await disk.list(folder))[0]}`;
  const whole = await (await disk.open(path, "read")).read(0, segmentBytes);
  const end = Math.ceil((whole.findLastIndex((byte) => byte !== 0) + 1) / 8) * 8;
  const head = 16 + 24 + 24;
  let mostEntries = 0;
  for (let length = end; length >= head; length--) {
    const file = await disk.open(path, "existing");
    await file.truncate(0);
    await file.write([whole.subarray(0, length)], 0);
    const { wal: opened, entries } = await Wal.open(disk, folder, { from, segmentBytes });
    expect(entries).toEqual([entry(1, 100), entry(2, 50), entry(3, 9)].slice(0, entries.length));
    mostEntries = Math.max(mostEntries, entries.length);
    await opened.close();
  }
  expect(mostEntries).toBe(3);
});

test("any flipped bit is found: reading fails, or only the tail is missing", async () => {
  const { disk, wal } = await newWal();
  const entries = [entry(1, 100), entry(2, 50), entry(3, 9)];
  await wal.append({ entries, sync: true });
  await wal.close();
  const path = `${folder}/${(await disk.list(folder))[0]}`;
  const whole = await (await disk.open(path, "read")).read(0, segmentBytes);
  const end = whole.findLastIndex((byte) => byte !== 0) + 1;
  await fc.assert(
    fc.asyncProperty(fc.nat(end - 1), fc.nat(7), async (position, bit) => {
      const flipped = whole.slice();
      flipped[position]! ^= 1 << bit;
      await (await disk.open(path, "existing")).write([flipped], 0);
      try {
        const opened = await Wal.open(disk, folder, { from, segmentBytes });
        expect(opened.entries).toEqual(entries.slice(0, opened.entries.length));
      } catch (error) {
        expect(error).toBeInstanceOf(WalError);
      }
    }),
    { numRuns: Number(process.env["KVORUM_PROPERTY_RUNS"] ?? 400) },
  );
});
