import type { Revision } from "../base/ids.ts";
import { integer } from "../base/integer.ts";
import type { RevisionKey } from "./revision.ts";

/** One state that a key had: where its record lies, and what the index knows without reading it. */
export interface KeyVersion extends RevisionKey {
  readonly createRevision: Revision;
  /** Changes since creation, from 1; 0 for a deletion. */
  readonly version: number;
  /** Bytes of the row in the store, for the accounting of sizes. */
  readonly rowBytes: number;
}

/** The version as an object, from the numbers that the index keeps. */
export function keyVersion(
  main: number,
  mark: number,
  createRevision: number,
  version: number,
  rowBytes: number,
): KeyVersion {
  return {
    main: integer(main),
    sub: mark >>> 1,
    isTombstone: (mark & 1) === 1,
    createRevision: integer(createRevision),
    version: integer(version),
    rowBytes: integer(rowBytes),
  };
}

/** Sub revision and deletion in one number of 32 bits: the former doubled, plus one for a deletion. */
export function markOf({ sub, isTombstone }: RevisionKey): number {
  return sub * 2 + (isTombstone ? 1 : 0);
}
