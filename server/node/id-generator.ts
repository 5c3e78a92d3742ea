import type { NodeId } from "../base/ids.ts";

const LOW_48_BITS = (1n << 48n) - 1n;

/**
 * Makes ids that are unique in the cluster without asking anybody (etcd's pkg/idutil): the low 16 bits of the
 * member id on top, then 40 bits of start time in ms and 8 bits of counter that may overflow into the time.
 */
export class IdGenerator {
  readonly #prefix: bigint;
  #suffix: bigint;

  constructor(memberId: NodeId, startUnixMs: number) {
    this.#prefix = (memberId & 0xffffn) << 48n;
    this.#suffix = (BigInt(startUnixMs) & ((1n << 40n) - 1n)) << 8n;
  }

  next(): bigint {
    this.#suffix = (this.#suffix + 1n) & LOW_48_BITS;
    return this.#prefix | this.#suffix;
  }
}
