import { bucketKey, BUCKETS, META, type Bucket } from "../backend/buckets.ts";
import { confStateJson } from "../backend/conf-state-json.ts";
import type { Store, StoreOperation } from "../backend/store.ts";
import { uint64Bytes } from "../backend/uint64.ts";
import type { DiskFile } from "../ports/disk.ts";
import type { SnapshotMetadata } from "../proto/raft-message.ts";
import { readDatabase, type SnapshotRow } from "../snapshot/snapshot-file.ts";

/** Bytes of rows written to the store in one batch. */
const BATCH_BYTES = 1024 * 1024;

/** What becomes of a database's rows on their way into a store. */
export interface ImportPlan {
  /** Sees each row in order and says whether it is to be kept. */
  readonly visit: (row: SnapshotRow) => boolean;
  /** Rows to be written after the last one, over those of the same keys. */
  readonly finish: () => readonly StoreOperation[];
  /** Runs the last write, which syncs all of them; to be timed. */
  readonly sync?: (write: () => Promise<void>) => Promise<void>;
}

/** Copies the rows of etcd's buckets into a fresh store; they are synced when it resolves. Memory is bounded. */
export async function importDatabase(database: DiskFile, store: Store, plan: ImportPlan): Promise<void> {
  let batch: StoreOperation[] = [];
  let bytes = 0;
  for await (const rows of readDatabase(database)) {
    for (const row of rows) {
      if (!isBucket(row.bucket) || !plan.visit(row)) continue;
      batch.push({ key: bucketKey(row.bucket, row.key), value: row.value });
      bytes += row.key.length + row.value.length;
    }
    if (bytes < BATCH_BYTES) continue;
    await store.write(batch, { sync: false });
    batch = [];
    bytes = 0;
  }
  batch.push(...plan.finish());
  const last = (): Promise<void> => store.write(batch, { sync: true });
  await (plan.sync?.(last) ?? last());
}

/** The rows of bucket meta that say where in the log a state belongs, and who votes there. */
export function positionRows({ index, term, confState }: SnapshotMetadata): readonly StoreOperation[] {
  return [
    { key: bucketKey("meta", META.consistentIndex), value: uint64Bytes(index) },
    { key: bucketKey("meta", META.term), value: uint64Bytes(term) },
    { key: bucketKey("meta", META.confState), value: confStateJson(confState) },
  ];
}

function isBucket(name: string): name is Bucket {
  return (BUCKETS as readonly string[]).includes(name);
}
