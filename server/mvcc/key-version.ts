import type { Revision } from "../base/ids.ts";
import type { RevisionKey } from "./revision.ts";

/** One state that a key had: where its record lies, and what the index knows without reading it. */
export interface KeyVersion extends RevisionKey {
  readonly createRevision: Revision;
  /** Changes since creation, from 1; 0 for a deletion. */
  readonly version: number;
  /** Bytes of the row in the store, for the accounting of sizes. */
  readonly rowBytes: number;
}
