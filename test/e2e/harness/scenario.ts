import type { TestCase } from "./test-case.ts";

/** What a user does to a cluster, and what has to be seen. */
export interface Scenario {
  /** What `--scenario` takes. */
  readonly id: string;
  readonly title: string;
  /** Whether it needs an S3 server in its namespace. */
  readonly needsS3?: boolean;
  readonly run: (test: TestCase) => Promise<void>;
}
