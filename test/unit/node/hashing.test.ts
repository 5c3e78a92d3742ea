import { expect, test } from "vitest";
import type { CompactionJob } from "../../../server/mvcc/mvcc.ts";
import type { HashKvResult } from "../../../server/mvcc/hash.ts";
import { Hashing, type HashingOptions } from "../../../server/node/hashing.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("HashKV at a compaction that has just begun is the hash that every member keeps of it", async () => {
  const kept: HashKvResult = { revision: 5, compactRevision: 0, hash: 42 };
  const jobs: readonly CompactionJob[] = [{ revision: 5, previousRevision: 0, isResumed: false }];
  let cached: HashKvResult | undefined;
  const mvcc = { compactionJobs: jobs, cachedHash: () => cached };
  const hashing = new Hashing({ replica: { machine: { mvcc } } } as unknown as HashingOptions);
  let answer: HashKvResult | undefined;
  void hashing.hashKv(5).then((hash) => {
    answer = hash;
  });
  await turn();
  hashing.onCompactionHashed();
  await turn();
  expect(answer).toBeUndefined();
  cached = kept;
  hashing.onCompactionHashed();
  await turn();
  expect(answer).toBe(kept);
});
