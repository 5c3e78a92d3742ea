import type { Revision } from "../base/ids.ts";

/** Stored records (raw bytes) of recent and hot revisions, bounded in bytes. */
export declare class ValueCache {
  constructor(maxBytes?: number);
  get(main: Revision, sub: number): Uint8Array | undefined;
  set(main: Revision, sub: number, record: Uint8Array): void;
  readonly bytes: number;
}
