import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { BboltReader } from "../../../server/snapshot/bbolt-reader.ts";
import { SnapshotError } from "../../../server/snapshot/snapshot-error.ts";
import {
  appendTrailer,
  hasTrailer,
  readDatabase,
  snapshotStatus,
  verifyTrailer,
  writeDatabase,
} from "../../../server/snapshot/snapshot-file.ts";
import { goldenFile, goldenPath } from "../../support/golden.ts";
import { ETCD_BUCKETS, gather, metaRows, slicesOf } from "../../support/snapshot-rows.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const goldens = ["empty", "keys100", "compacted", "auth", "tree3"];

function goldenStatus(name: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(goldenFile(`snapshots/${name}.json`))).etcdutlStatus;
}

test.each(goldens)("the status of etcd's snapshot %s is what etcdutl says, and its hash is right", async (name) => {
  const file = await nodeDisk.open(goldenPath(`snapshots/${name}.db`), "read");
  await verifyTrailer(file);
  expect(await snapshotStatus(file)).toEqual(goldenStatus(name));
  expect(await (await BboltReader.open(file)).buckets()).toEqual(ETCD_BUCKETS);
  await file.close();
});

test.each(goldens)(
  "etcd's snapshot %s written again has the same rows and the same status but for its size",
  async (name) => {
    const golden = await nodeDisk.open(goldenPath(`snapshots/${name}.db`), "read");
    const rows = await gather(readDatabase(golden));
    const path = join(tempFolder(), "copy.db");
    const { databaseBytes } = await writeDatabase(nodeDisk, path, ETCD_BUCKETS, slicesOf(rows));
    const copy = await nodeDisk.open(path, "read");
    expect(await gather(readDatabase(copy))).toEqual(rows);
    expect(await snapshotStatus(copy)).toEqual({ ...goldenStatus(name), totalSize: databaseBytes });
    expect(await copy.size()).toBe(databaseBytes);
    expect(databaseBytes).toBeLessThanOrEqual((await golden.size()) - 32);
    await expect(verifyTrailer(copy)).rejects.toThrow("it has no hash at its end");
    await appendTrailer(nodeDisk, path);
    expect(hasTrailer(await copy.size())).toBe(true);
    await verifyTrailer(copy);
    await Promise.all([copy.close(), golden.close()]);
  },
);

test("a changed byte is found by the trailer", async () => {
  const path = join(tempFolder(), "bad.db");
  const file = await nodeDisk.open(path, "create");
  const bytes = goldenFile("snapshots/keys100.db");
  bytes[20_000]! ^= 1;
  await file.write([bytes], 0);
  await expect(verifyTrailer(file)).rejects.toThrow(`snapshot ${path}: its hash does not match its content`);
  await file.close();
});

test.each([
  ["is empty", new Uint8Array()],
  ["is text", new TextEncoder().encode("not a database".repeat(1000))],
  ["is cut short", goldenFile("snapshots/keys100.db").subarray(0, 20_000)],
  ["has lost a page", goldenFile("snapshots/keys100.db").fill(0, 12_288, 40_960)],
])("a file that %s is refused with its name", async (_, bytes) => {
  const path = join(tempFolder(), "bad.db");
  const file = await nodeDisk.open(path, "create");
  await file.write([bytes], 0);
  const refusal = await snapshotStatus(file).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(SnapshotError);
  expect(refusal).toMatchObject({ file: path });
  await file.close();
});

test("the second meta serves when the first is damaged", async () => {
  const path = join(tempFolder(), "meta.db");
  const file = await nodeDisk.open(path, "create");
  await file.write([goldenFile("snapshots/keys100.db").fill(0xff, 16, 100)], 0);
  expect(await snapshotStatus(file)).toEqual(goldenStatus("keys100"));
  await file.close();
});

test("rows out of the order of their buckets are a bug, and so is an unnamed bucket", async () => {
  const path = join(tempFolder(), "order.db");
  const [first] = metaRows();
  const rows = [first!, { ...first!, bucket: "key" }];
  await expect(writeDatabase(nodeDisk, path, ["key", "meta"], slicesOf(rows))).rejects.toThrow("invariant");
});
