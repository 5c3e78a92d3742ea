import type { Store } from "../backend/store.ts";
import type { RecoveredState } from "../apply/state-loader.ts";
import type { StateMachine } from "../apply/state-machine.ts";
import { bucketRange, PRIVATE, ALL_BUCKETS } from "../backend/buckets.ts";

/** Bytes of rows taken in one turn of the event loop while a store is loaded. */
const LOAD_SLICE_BYTES = 1024 * 1024;

/** Fills a fresh machine with a store's rows, in order: our own first, then etcd's buckets. */
export async function loadStore(store: Store, machine: StateMachine): Promise<RecoveredState> {
  const loader = machine.loader();
  for (const range of [bucketRange(PRIVATE), ALL_BUCKETS]) {
    const scan = store.scan(range);
    try {
      for (;;) {
        const rows = await scan.next(LOAD_SLICE_BYTES);
        if (rows.length === 0) break;
        for (const [key, value] of rows) loader.row(key, value);
      }
    } finally {
      await scan.close();
    }
  }
  return loader.finish();
}
