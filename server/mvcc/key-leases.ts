import type { ByteString } from "../base/byte-string.ts";
import type { LeaseId } from "../base/ids.ts";

/** Which lease owns which key, as writing keys needs it; the lessor is the real one. */
export interface KeyLeases {
  /** 0n if none. */
  leaseOf(key: ByteString): LeaseId;
  /** Takes the key from its former lease, if any. */
  attach(key: ByteString, lease: LeaseId): void;
  detach(key: ByteString): void;
}
