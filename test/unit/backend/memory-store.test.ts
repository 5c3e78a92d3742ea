import { expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import type { StoreOperation } from "../../../server/backend/store.ts";

function operation(key: string, value: string | undefined): StoreOperation {
  return { key: Buffer.from(key), value: value === undefined ? undefined : Buffer.from(value) };
}

test("a scan shows the store as it was when the scan was opened, in slices", async () => {
  const store = new MemoryStore();
  await store.write([operation("b", "2"), operation("a", "1"), operation("c", "3")], { sync: false });
  const scan = store.scan({ from: Buffer.from("a"), to: Buffer.from("c") });
  await store.write([operation("a", undefined), operation("bb", "4")], { sync: true });
  const slices: string[][] = [];
  for (let rows = await scan.next(2); rows.length > 0; rows = await scan.next(2)) {
    slices.push(rows.map(([key, value]) => `${Buffer.from(key).toString()}${Buffer.from(value).toString()}`));
  }
  await scan.close();
  expect(slices).toEqual([["a1"], ["b2"]]);
  const found = await store.getMany([Buffer.from("a"), Buffer.from("bb")]);
  expect(found.map((value) => value && Buffer.from(value).toString())).toEqual([undefined, "4"]);
  expect(await store.sizeOnDisk()).toBe(2 + 3 + 2);
});
