import { defineConfig } from "vitest/config";

/** `npm run test:quick`: everything that needs neither Go nor root nor a minute. */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/simulation/**/*.test.ts", "test/conformance/raft-vectors/*.test.ts"],
    // Ends what hangs; how fast a machine is does not fail a test.
    testTimeout: 120_000,
    expect: { poll: { timeout: 20_000, interval: 20 } },
    pool: "forks",
    maxWorkers: 2,
  },
});
