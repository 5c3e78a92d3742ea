import { readdirSync } from "node:fs";
import { join } from "node:path";
import { bucketRange } from "../../server/backend/buckets.ts";
import { openLeveldownStore } from "../../server/host/leveldown-store.ts";

const SLICE_BYTES = 1 << 20;

/** Changes the last byte of the last key that is stored in the data dir of a member that does not run: silent corruption. */
export async function damageStore(dataDir: string): Promise<void> {
  const member = join(dataDir, "member");
  const newest = readdirSync(member)
    .filter((name) => /^store-[0-9a-f]+$/.test(name))
    .toSorted()
    .at(-1);
  if (newest === undefined) throw new Error(`there is no store in ${member}`);
  const store = await openLeveldownStore(join(member, newest));
  try {
    const scan = store.scan(bucketRange("key"));
    const rows = [...(await scan.next(SLICE_BYTES))];
    await scan.close();
    const [key, value] = rows.at(-1) ?? [];
    if (!key || !value) throw new Error("nothing is stored yet");
    const damaged = value.slice();
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    await store.write([{ key, value: damaged }], { sync: true });
  } finally {
    await store.close();
  }
}
