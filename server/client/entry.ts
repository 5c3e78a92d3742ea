import type { KeyValue } from "../proto/gen/kv_pb.js";

/** A key with its value, as a key space shows it. */
export class Entry {
  /** Without the key space's prefix. */
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision of the last change, and of the one that made the key. */
  readonly modRevision: number;
  readonly createRevision: number;
  /** Changes since it was made, from 1 on. */
  readonly version: number;
  /** 0n: none. */
  readonly leaseId: bigint;

  constructor(kv: KeyValue, prefixBytes: number) {
    this.key = new TextDecoder().decode(kv.key.subarray(prefixBytes));
    this.value = kv.value;
    this.modRevision = Number(kv.modRevision);
    this.createRevision = Number(kv.createRevision);
    this.version = Number(kv.version);
    this.leaseId = kv.lease;
  }

  /** The value as text. */
  get text(): string {
    return new TextDecoder().decode(this.value);
  }

  /** The value as what JSON.stringify made. */
  json(): unknown {
    return JSON.parse(this.text);
  }
}
