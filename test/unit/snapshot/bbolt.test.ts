import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareBytes } from "../../../server/base/bytes.ts";
import type { DiskFile } from "../../../server/ports/disk.ts";
import { BboltReader } from "../../../server/snapshot/bbolt-reader.ts";
import { BboltWriter } from "../../../server/snapshot/bbolt-writer.ts";
import { gather } from "../../support/snapshot-rows.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

type Row = readonly [Uint8Array, Uint8Array];

async function written(buckets: ReadonlyMap<string, readonly Row[]>): Promise<DiskFile> {
  const file = await new SimulatedDisk().open("/db", "create");
  const writer = new BboltWriter(file);
  for (const [name, rows] of buckets) {
    writer.beginBucket(name);
    for (const [key, value] of rows) writer.add(key, value);
    await writer.flush();
  }
  expect(await writer.finish()).toBe(await file.size());
  return file;
}

/** Rows so large that a leaf holds 4 and a branch 7. */
function largeRows(count: number): Row[] {
  return Array.from({ length: count }, (_, i) => {
    const key = new Uint8Array(500);
    new DataView(key.buffer).setUint32(0, i);
    return [key, new Uint8Array(500).fill(i)];
  });
}

const anyRows = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(1300)), { maxLength: 120 })
  .map((rows) => {
    const sorted = rows.toSorted(([a], [b]) => compareBytes(a, b));
    const unique = sorted.filter(([key], i) => i === 0 || compareBytes(key, sorted[i - 1]![0]) !== 0);
    return unique.map(([key, size]): Row => [key, new Uint8Array(size).fill(size)]);
  });

test("any rows in any buckets are read as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5, unit: "grapheme-ascii" }), { maxLength: 6 }),
      fc.array(anyRows, { minLength: 6, maxLength: 6 }),
      async (names, rows) => {
        const buckets = new Map(names.toSorted().map((name, i) => [name, rows[i]!] as const));
        const reader = await BboltReader.open(await written(buckets));
        expect(await reader.buckets()).toEqual([...buckets.keys()]);
        for (const [name, expected] of buckets) expect(await gather(reader.rows(name))).toEqual(expected);
        expect(await gather(reader.rows("no such bucket"))).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test("a tree of any number of rows is sound: no branch has less than two children", async () => {
  for (let count = 1; count <= 4 * 7 * 7 + 40; count++) {
    const rows = largeRows(count);
    const file = await written(new Map([["b", rows]]));
    expect(Math.min(2, ...(await branchSizes(file))), `${count} rows`).toBe(2);
    const read = await gather((await BboltReader.open(file)).rows("b"));
    expect(read.map(([key]) => new DataView(key.buffer, key.byteOffset).getUint32(0))).toEqual([...rows.keys()]);
  }
});

test.each([2, 3, 4, 5, 6, 7, 8, 9, 17, 33])("%d keys too long for a page still make a sound tree", async (count) => {
  const rows = Array.from({ length: count }, (_, i): Row => {
    const key = new Uint8Array(5000).fill(1);
    key[4999] = i;
    return [key, new Uint8Array(3)];
  });
  const file = await written(new Map([["b", rows]]));
  expect(Math.min(2, ...(await branchSizes(file)))).toBe(2);
  expect(await gather((await BboltReader.open(file)).rows("b"))).toEqual(rows);
});

/** The number of children of every branch page in a freshly written file, where each page follows the last. */
async function branchSizes(file: DiskFile): Promise<number[]> {
  const bytes = await file.read(0, await file.size());
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const sizes: number[] = [];
  for (let at = 2 * 4096; at < bytes.length; at += (1 + view.getUint32(at + 12, true)) * 4096)
    if (view.getUint16(at + 8, true) === 1) sizes.push(view.getUint16(at + 10, true));
  return sizes;
}

test("keys that do not ascend are found when reading", async () => {
  const file = await written(new Map([["b", largeRows(10).toReversed()]]));
  await expect(gather((await BboltReader.open(file)).rows("b"))).rejects.toThrow("keys are out of order");
});
