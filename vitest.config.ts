import { defineConfig } from "vitest/config";

/** `npm run test:quick`: everything that needs neither Go nor root nor a minute. */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/simulation/**/*.test.ts", "test/conformance/raft-vectors/*.test.ts"],
    testTimeout: 30_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
