import type { MessageInitShape } from "@bufbuild/protobuf";
import { seededRandom, type Random } from "../../server/base/prng.ts";
import type { Client } from "../../server/client/client.ts";
import type { CompareSchema, RangeRequestSchema, RequestOpSchema } from "../../server/proto/gen/rpc_pb.js";

type Range = MessageInitShape<typeof RangeRequestSchema>;
type Operation = MessageInitShape<typeof RequestOpSchema>;
type Compare = MessageInitShape<typeof CompareSchema>;

const KEYS = 60;
const MAX_LEASES = 12;
/** Long enough that none expires while a test runs. */
const LEASE_TTL_SECONDS = 100_000n;
const MAX_TXN_DEPTH = 2;

/** One call, to be made on any number of clusters. */
export interface RecordedCall {
  readonly name: string;
  readonly make: (client: Client) => Promise<unknown>;
}

/**
 * A reproducible sequence of calls of every kind that changes or reads keys: also some that are refused. It is told
 * the revision after each call, because compactions and reads of the past choose theirs by it.
 */
export class RandomOperations {
  readonly #random: Random;
  readonly #leases: bigint[] = [];
  #nextLease = 1000n;
  #revision = 1;
  #compacted = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  /** What the answer's header said. */
  observe(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  next(): RecordedCall {
    const dice = this.#random.below(1000);
    if (dice < 400) return this.#put();
    if (dice < 500) return this.#delete();
    if (dice < 700) return this.#range();
    if (dice < 940) return this.#txn();
    if (dice < 970) return this.#grant();
    if (dice < 980) return this.#revoke();
    if (dice < 997) return this.#leaseKeys();
    return this.#compact();
  }

  #put(): RecordedCall {
    const request = this.#putRequest();
    return { name: "put", make: (client) => client.kv.put(request) };
  }

  #delete(): RecordedCall {
    const request = { ...this.#interval(), prevKv: this.#chance(2) };
    return { name: "delete", make: (client) => client.kv.deleteRange(request) };
  }

  #range(): RecordedCall {
    const request = this.#rangeRequest();
    return { name: "range", make: (client) => client.kv.range(request) };
  }

  #txn(): RecordedCall {
    const request = this.#txnRequest(0);
    return { name: "txn", make: (client) => client.kv.txn(request) };
  }

  #grant(): RecordedCall {
    // Now and then one that is there already.
    const taken = this.#chance(10) ? this.#leases[0] : undefined;
    const ID = taken ?? this.#nextLease++;
    if (taken === undefined) this.#leases.push(ID);
    if (this.#leases.length > MAX_LEASES) return this.#revoke();
    return { name: "grant", make: (client) => client.lease.leaseGrant({ ID, TTL: LEASE_TTL_SECONDS }) };
  }

  #revoke(): RecordedCall {
    const [ID = 7n] = this.#leases.splice(this.#random.below(Math.max(1, this.#leases.length)), 1);
    return { name: "revoke", make: (client) => client.lease.leaseRevoke({ ID }) };
  }

  #leaseKeys(): RecordedCall {
    const ID = this.#lease();
    const make = async (client: Client): Promise<unknown> => {
      const { header, grantedTTL, keys } = await client.lease.leaseTimeToLive({ ID, keys: true });
      return { header, grantedTTL, keys: keys.map((key) => Buffer.from(key).toString("hex")).toSorted() };
    };
    return { name: "lease keys", make };
  }

  #compact(): RecordedCall {
    const span = this.#revision - this.#compacted;
    // Not to 0: etcd accepts that once, and then takes the hash of nothing for the hash at the present revision.
    const revision = Math.max(1, this.#compacted + this.#random.below(span + 2));
    if (revision <= this.#revision) this.#compacted = Math.max(this.#compacted, revision);
    const request = { revision: BigInt(revision), physical: true };
    return { name: "compact", make: (client) => client.kv.compact(request) };
  }

  #putRequest() {
    const flags = this.#random.below(20);
    return {
      key: this.#key(),
      value: flags === 1 ? new Uint8Array() : this.#value(),
      lease: this.#chance(5) ? this.#lease() : 0n,
      prevKv: this.#chance(3),
      ignoreValue: flags === 1,
      ignoreLease: false,
    };
  }

  #rangeRequest(): Range {
    const interval = this.#interval();
    // Go's sort is stable for a few elements only: among many, keys that are equal by the target come in any order.
    const mayTie = interval.rangeEnd[0] !== 0;
    return {
      ...interval,
      limit: BigInt(this.#chance(2) ? this.#random.below(8) : 0),
      revision: BigInt(this.#chance(4) ? this.#random.below(this.#revision + 2) : 0),
      sortOrder: this.#random.below(3),
      sortTarget: mayTie ? this.#random.below(5) : 0,
      keysOnly: this.#chance(8),
      countOnly: this.#chance(8),
      minModRevision: BigInt(this.#chance(8) ? this.#random.below(this.#revision) : 0),
      maxCreateRevision: BigInt(this.#chance(8) ? this.#random.below(this.#revision) : 0),
    };
  }

  #txnRequest(depth: number) {
    return {
      compare: this.#several(3, () => this.#compare()),
      success: this.#several(4, () => this.#operation(depth)),
      failure: this.#several(3, () => this.#operation(depth)),
    };
  }

  #operation(depth: number): Operation {
    const dice = this.#random.below(depth < MAX_TXN_DEPTH ? 10 : 8);
    if (dice < 4) return { request: { case: "requestPut", value: this.#putRequest() } };
    if (dice < 6) return { request: { case: "requestRange", value: { ...this.#rangeRequest(), revision: 0n } } };
    if (dice < 8) return { request: { case: "requestDeleteRange", value: { ...this.#interval(), prevKv: true } } };
    return { request: { case: "requestTxn", value: this.#txnRequest(depth + 1) } };
  }

  #compare(): Compare {
    const about = { result: this.#random.below(4), ...(this.#chance(4) ? this.#interval() : { key: this.#key() }) };
    const counter = BigInt(this.#random.below(this.#revision + 1));
    switch (this.#random.below(5)) {
      case 0:
        return { ...about, target: 0, targetUnion: { case: "version", value: BigInt(this.#random.below(4)) } };
      case 1:
        return { ...about, target: 1, targetUnion: { case: "createRevision", value: counter } };
      case 2:
        return { ...about, target: 2, targetUnion: { case: "modRevision", value: counter } };
      case 3:
        return { ...about, target: 3, targetUnion: { case: "value", value: this.#value() } };
      default:
        return { ...about, target: 4, targetUnion: { case: "lease", value: this.#lease() } };
    }
  }

  #interval(): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array } {
    const none = new Uint8Array();
    const dice = this.#random.below(20);
    if (dice < 10) return { key: this.#key(), rangeEnd: none };
    if (dice === 19) return { key: this.#key(), rangeEnd: Uint8Array.of(0) };
    const from = this.#random.below(KEYS);
    return { key: keyOf(from), rangeEnd: keyOf(from + this.#random.below(6)) };
  }

  #key(): Uint8Array {
    return keyOf(this.#random.below(KEYS));
  }

  #value(): Uint8Array {
    return Buffer.from(`v${this.#random.below(50)}`.repeat(1 + this.#random.below(20)));
  }

  /** Now and then one that is not there. */
  #lease(): bigint {
    return this.#leases[this.#random.below(this.#leases.length + (this.#chance(10) ? 1 : 0))] ?? 0n;
  }

  #several<T>(limit: number, make: () => T): T[] {
    return Array.from({ length: this.#random.below(limit) }, make);
  }

  #chance(oneIn: number): boolean {
    return this.#random.below(oneIn) === 0;
  }
}

function keyOf(number: number): Uint8Array {
  return Buffer.from(`key/${String(number).padStart(3, "0")}`);
}
