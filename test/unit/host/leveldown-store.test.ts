import * as fc from "fast-check";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Store, StoreRange, StoreRow } from "../../../server/backend/store.ts";
import { compareBytes } from "../../../server/base/bytes.ts";
import { settle } from "../../../server/host/leveldown-database.ts";
import { openLeveldownStore } from "../../../server/host/leveldown-store.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const all: StoreRange = { from: new Uint8Array(), to: undefined };
const put = (key: string, value: string) => ({ key: text(key), value: text(value) });

test("values come back in the order of the keys, undefined where there is none", async () => {
  const store = await openLeveldownStore(join(tempFolder(), "db"));
  await store.write([put("a", "1"), put("b", ""), put("c", "3"), { key: text("c"), value: undefined }], {
    sync: false,
  });
  expect(await store.getMany([text("c"), text("b"), text("a")])).toEqual([undefined, text(""), text("1")]);
  expect(await store.getMany([])).toEqual([]);
  await store.close();
});

test("a scan sees the store as it was when it was opened", async () => {
  const store = await openLeveldownStore(join(tempFolder(), "db"));
  await store.write([put("a", "1"), put("b", "2")], { sync: true });
  const scan = store.scan(all);
  await store.write([put("a", "changed"), put("c", "new")], { sync: true });
  expect(await drain(scan, 1)).toEqual([
    [text("a"), text("1")],
    [text("b"), text("2")],
  ]);
  await store.close();
});

test("a slice ends at its byte limit, and an empty slice ends the scan", async () => {
  const store = await openLeveldownStore(join(tempFolder(), "db"));
  await store.write([put("a", "xx"), put("b", "xx"), put("c", "xx")], { sync: true });
  const scan = store.scan({ from: text("a"), to: text("c") });
  expect(await scan.next(1)).toHaveLength(1);
  expect(await scan.next(100)).toHaveLength(1);
  expect(await scan.next(100)).toEqual([]);
  await scan.close();
  await store.close();
});

test("writes are applied in the order of their calls and survive closing", async () => {
  const folder = join(tempFolder(), "db");
  const store = await openLeveldownStore(folder);
  const writes = Array.from({ length: 50 }, (_, i) => store.write([put("k", `${i}`)], { sync: i % 7 === 0 }));
  await Promise.all(writes);
  await store.close();
  const again = await openLeveldownStore(folder);
  expect(await again.getMany([text("k")])).toEqual([text("49")]);
  expect(await again.sizeOnDisk()).toBeGreaterThan(0);
  await again.compact(all);
  expect(await again.getMany([text("k")])).toEqual([text("49")]);
  await again.close();
});

test("a folder that is open is refused, with its name", async () => {
  const folder = join(tempFolder(), "db");
  const store = await openLeveldownStore(folder);
  await expect(openLeveldownStore(folder)).rejects.toMatchObject({
    name: "DiskError",
    operation: "open",
    path: folder,
  });
  await store.close();
});

test("many reads at a time all get their answers", async () => {
  const store = await openLeveldownStore(join(tempFolder(), "db"));
  await store.write([put("a", "1")], { sync: false });
  const reads = Array.from({ length: 40 }, () => store.getMany([text("a")]));
  for (const values of await Promise.all(reads)) expect(values).toEqual([text("1")]);
  await store.close();
});

test("the store behaves as a sorted map", async () => {
  const store = await openLeveldownStore(join(tempFolder(), "db"));
  const model = new Map<string, Uint8Array>();
  const key = fc.uint8Array({ minLength: 1, maxLength: 2, max: 3 });
  const operation = fc.record({ key, value: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(operation), key, fc.option(key, { nil: undefined }), async (operations, from, to) => {
      await store.write(operations, { sync: false });
      for (const one of operations) {
        const name = Buffer.from(one.key).toString("hex");
        if (one.value) model.set(name, one.value);
        else model.delete(name);
      }
      expect(await drain(store.scan({ from, to }), 20)).toEqual(modelRange(model, { from, to }));
    }),
    { numRuns: 50 },
  );
  await store.close();
});

function modelRange(model: ReadonlyMap<string, Uint8Array>, { from, to }: StoreRange): StoreRow[] {
  return [...model]
    .map(([name, value]): StoreRow => [new Uint8Array(Buffer.from(name, "hex")), value])
    .filter(([key]) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0))
    .toSorted(([a], [b]) => compareBytes(a, b));
}

async function drain(scan: ReturnType<Store["scan"]>, byteLimit: number): Promise<StoreRow[]> {
  const rows: StoreRow[] = [];
  for (;;) {
    const slice = await scan.next(byteLimit);
    if (slice.length === 0) break;
    rows.push(...slice);
  }
  await scan.close();
  return rows;
}

test.each([
  ["IO error: /d/000005.ldb: No space left on device", "ENOSPC", "make room"],
  ["IO error: /d/000005.ldb: Input/output error", undefined, "Input/output error"],
])("LevelDB's words for %s get the system's short name", async (words, code, said) => {
  const failed = settle("write", "/d", (done) => {
    done(new Error(words));
  });
  await expect(failed).rejects.toMatchObject({ code, path: "/d" });
  await expect(failed).rejects.toThrow(said);
});
