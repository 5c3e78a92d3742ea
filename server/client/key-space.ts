import { Event_EventType, type Event } from "../proto/gen/kv_pb.js";
import type { ResponseOp } from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { Client } from "./client.ts";
import { CompactedError } from "./compacted-error.ts";
import { Entry } from "./entry.ts";
import { prefixEnd } from "./key-range-end.ts";
import { compareOf, requestOpOf, valueBytes, type KeyNames, type Transaction } from "./transaction.ts";
import { watchChanges } from "./watch-changes.ts";

export interface ReadOptions {
  /** The state as it was then; none: now. */
  readonly revision?: number;
  /** Answered by the member that is asked, without asking the others: faster, and perhaps behind. */
  readonly isSerializable?: boolean;
}

export interface ListOptions extends ReadOptions {
  readonly limit?: number;
}

/** Some entries, as they were at one revision. */
export interface Listing {
  readonly entries: readonly Entry[];
  /** To watch from: pass `revision + 1`. */
  readonly revision: number;
  /** There are more than the limit let through. */
  readonly hasMore: boolean;
}

/** What happened to a key. */
export type Change =
  | { readonly kind: "put"; readonly key: string; readonly entry: Entry; readonly previous: Entry | undefined }
  | { readonly kind: "delete"; readonly key: string; readonly previous: Entry | undefined };

/** All changes of one revision or of several; none: nothing has happened up to there. */
export interface Changes {
  readonly revision: number;
  readonly changes: readonly Change[];
}

export interface WatchKeysOptions {
  /** One key. Neither this nor `under`: all keys of the space. */
  readonly key?: string;
  /** All keys that begin with this. */
  readonly under?: string;
  /** The first revision that is wanted; none: from now on. */
  readonly fromRevision?: number;
  /** Fill in `previous`. */
  readonly withPrevious?: boolean;
  /** Tell of progress while nothing changes. */
  readonly withProgress?: boolean;
  readonly signal?: AbortSignal;
}

/** What a transaction came to. */
export interface TransactionResult {
  /** Whether the conditions held. */
  readonly succeeded: boolean;
  readonly revision: number;
  /** What the gets found, in their order. */
  readonly found: readonly (Entry | undefined)[];
}

/** The keys under a prefix, as if there were no others: names go in and come out without it. */
export class KeySpace {
  readonly #client: Client;
  readonly #prefix: string;
  readonly #prefixBytes: number;
  readonly #names: KeyNames;

  constructor(client: Client, prefix = "") {
    this.#client = client;
    this.#prefix = prefix;
    this.#prefixBytes = valueBytes(prefix).length;
    this.#names = {
      bytesOf: (key) => valueBytes(prefix + key),
      rangeOf: (under) => {
        const key = valueBytes(prefix + under);
        // No key is empty; the range of all begins with the smallest that there can be.
        return key.length === 0
          ? { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }
          : { key, rangeEnd: prefixEnd(key) };
      },
    };
  }

  /** The space of the names below a prefix of this one. */
  under(prefix: string): KeySpace {
    return new KeySpace(this.#client, this.#prefix + prefix);
  }

  async get(key: string, options: ReadOptions = {}): Promise<Entry | undefined> {
    return (await this.#range({ key: this.#names.bytesOf(key) }, options)).entries[0];
  }

  /** The entries whose keys begin with a prefix, by key; all of them for "". */
  list(under = "", { limit = 0, ...options }: ListOptions = {}): Promise<Listing> {
    return this.#range({ ...this.#names.rangeOf(under), limit: BigInt(limit) }, options);
  }

  /** Writes, and tells the revision of it. */
  async put(key: string, value: string | Uint8Array, { leaseId = 0n }: { leaseId?: bigint } = {}): Promise<number> {
    const request = { key: this.#names.bytesOf(key), value: valueBytes(value), lease: leaseId };
    return Number((await this.#client.kv.put(request)).header?.revision);
  }

  /** Whether there was one. */
  async delete(key: string): Promise<boolean> {
    return (await this.#client.kv.deleteRange({ key: this.#names.bytesOf(key) })).deleted > 0n;
  }

  /** Deletes what begins with a prefix, and tells how many that were. */
  async deleteUnder(under: string): Promise<number> {
    return Number((await this.#client.kv.deleteRange(this.#names.rangeOf(under))).deleted);
  }

  async transact({ when = [], do: operations = [], otherwise = [] }: Transaction): Promise<TransactionResult> {
    const { succeeded, header, responses } = await this.#client.kv.txn({
      compare: when.map((condition) => compareOf(condition, this.#names)),
      success: operations.map((operation) => requestOpOf(operation, this.#names)),
      failure: otherwise.map((operation) => requestOpOf(operation, this.#names)),
    });
    return { succeeded, revision: Number(header?.revision), found: responses.flatMap((each) => this.#found(each)) };
  }

  /**
   * All changes in order, each once, across broken connections and members that end. Ends when the loop is left or the
   * signal is aborted; with a CompactedError if history that is still to come is gone.
   */
  async *watch(options: WatchKeysOptions = {}): AsyncGenerator<Changes, void> {
    const { key, under = "", fromRevision, withPrevious = false, withProgress = false, signal } = options;
    const range = key === undefined ? this.#names.rangeOf(under) : { key: this.#names.bytesOf(key) };
    const batches = watchChanges(this.#client, {
      ...range,
      ...(fromRevision !== undefined && { startRevision: fromRevision }),
      prevKv: withPrevious,
      progressNotify: withProgress,
      ...(signal && { signal }),
    });
    for await (const { revision, events } of batches) {
      yield { revision, changes: events.map((event) => this.#change(event)) };
    }
  }

  async #range(
    request: { readonly key: Uint8Array; readonly rangeEnd?: Uint8Array; readonly limit?: bigint },
    { revision = 0, isSerializable = false }: ReadOptions,
  ): Promise<Listing> {
    try {
      const answer = await this.#client.kv.range({
        ...request,
        revision: BigInt(revision),
        serializable: isSerializable,
      });
      const entries = answer.kvs.map((kv) => new Entry(kv, this.#prefixBytes));
      return { entries, revision: Number(answer.header?.revision), hasMore: answer.more };
    } catch (error) {
      if (!isCompacted(error)) throw error;
      throw new CompactedError(undefined, { cause: error });
    }
  }

  #found({ response }: ResponseOp): readonly (Entry | undefined)[] {
    if (response.case !== "responseRange") return [];
    const [kv] = response.value.kvs;
    return [kv && new Entry(kv, this.#prefixBytes)];
  }

  #change({ type, kv, prevKv }: Event): Change {
    if (kv === undefined) throw new TypeError("an event without a key: the server speaks another protocol");
    const entry = new Entry(kv, this.#prefixBytes);
    const previous = prevKv && new Entry(prevKv, this.#prefixBytes);
    return type === Event_EventType.DELETE
      ? { kind: "delete", key: entry.key, previous }
      : { kind: "put", key: entry.key, entry, previous };
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof RpcError && error.code === Code.OUT_OF_RANGE && error.message.includes("compacted");
}
