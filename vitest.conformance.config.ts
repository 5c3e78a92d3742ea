import { defineConfig } from "vitest/config";

/** Against real etcd and its tools: one file after the other, since each starts servers of its own. */
export default defineConfig({
  test: {
    include: ["test/conformance/**/*.test.ts"],
    exclude: ["test/conformance/raft-vectors/**"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000, interval: 50 } },
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
  },
});
