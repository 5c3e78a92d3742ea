import { join } from "node:path";
import { expect, test } from "vitest";
import { measuredDisk } from "../../../server/host/measured-disk.ts";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { NodeTallies } from "../../../server/node/node-tallies.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("writes and syncs of the log's segments are measured, other files are not", async () => {
  const folder = tempFolder();
  const { disk: measures } = new NodeTallies();
  const disk = measuredDisk(nodeDisk, folder, measures);
  const counts = () => [measures.walWriteSeconds.count, measures.walSyncSeconds.count, measures.walBytes];
  for (const [name, expected] of [
    ["0.tmp", [0, 0, 0]],
    ["snapshot.db", [0, 0, 0]],
    ["0000000000000000-0000000000000000.wal", [1, 1, 5]],
  ] as const) {
    const file = await disk.open(join(folder, name), "create");
    await file.write([new Uint8Array(2), new Uint8Array(3)], 0);
    await file.datasync();
    expect(await file.read(0, 10), name).toHaveLength(5);
    await file.close();
    expect(counts(), name).toEqual(expected);
  }
  expect(await disk.list(folder)).toHaveLength(3);
});
