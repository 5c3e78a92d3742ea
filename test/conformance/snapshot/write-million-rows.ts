import { readFileSync, writeSync } from "node:fs";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { appendTrailer, type SnapshotRow, writeDatabase } from "../../../server/snapshot/snapshot-file.ts";
import { ETCD_BUCKETS, metaRows, putRow } from "../../support/snapshot-rows.ts";

/** Writes a snapshot of many rows in a process of its own and prints by how many MiB its memory grew, and the time. */
const [path = "", count = "0"] = process.argv.slice(2);
const SLICE_ROWS = 1000;
const VALUE_BYTES = 64;

function anonymousMiB(): number {
  const match = /RssAnon:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Math.round(Number(match?.[1]) / 1024);
}

let highest = 0;

async function* slices(): AsyncGenerator<readonly SnapshotRow[]> {
  for (let main = 2; main < Number(count) + 2; main += SLICE_ROWS) {
    yield Array.from({ length: SLICE_ROWS }, (_, i) =>
      putRow(main + i, `key${main + i}`, new Uint8Array(VALUE_BYTES).fill(i)),
    );
    highest = Math.max(highest, anonymousMiB());
  }
  yield metaRows();
}

// The rows themselves make garbage: once through without writing, so that what counts is the writer's memory.
for await (const _ of slices());
const before = highest;
highest = 0;
const started = performance.now();
await writeDatabase(nodeDisk, path, ETCD_BUCKETS, slices());
await appendTrailer(nodeDisk, path);
highest = Math.max(highest, anonymousMiB());
writeSync(1, `${highest - before} ${Math.round(performance.now() - started)}`);
