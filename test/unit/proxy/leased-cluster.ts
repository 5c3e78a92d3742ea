import { create, isMessage, type Message } from "@bufbuild/protobuf";
import type { GenMessage } from "@bufbuild/protobuf/codegenv2";
import { byteString } from "../../../server/base/byte-string.ts";
import type { Timing } from "../../../server/client/timing.ts";
import type { KeyValue } from "../../../server/proto/gen/kv_pb.js";
import { Event_EventType as EventType } from "../../../server/proto/gen/kv_pb.js";
import {
  CompactionResponseSchema,
  DeleteRangeResponseSchema,
  PutResponseSchema,
  TxnResponseSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { spanOf } from "../../../server/proxy/key-span.ts";
import { leasingKv } from "../../../server/proxy/leasing-kv.ts";
import type { SessionLeases } from "../../../server/proxy/session-leases.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import type { OpenWatch } from "../../../server/proxy/watch-ranges.ts";
import { Code, RpcError } from "../../../server/rpc/status.ts";
import { ManualTiming } from "../../support/manual-timing.ts";
import { TestMachine, bytes } from "../../support/test-machine.ts";
import { ClusterWatch, type Happened } from "./cluster-watch.ts";

/** The leasing prefix of all proxies here. */
export const PREFIX = "leasing/";

/** What the way between a proxy and the cluster does to calls. */
export interface Way {
  /** Each message takes as long as this. */
  readonly pause: () => Promise<void>;
  /** What watches say takes as long as this instead. */
  readonly watchPause?: () => Promise<void>;
  /** Which way of a call fails. */
  readonly fails?: () => "there" | "back" | undefined;
  /** Whether nothing at all comes through. */
  readonly isCut?: () => boolean;
  /** How much later it is for the proxy than its timers have told it: its process was stopped. */
  readonly lateMs?: () => number;
  /** Whether the connection of a watch is lost with the response that was on it. */
  readonly breaks?: () => boolean;
}

const AT_ONCE: Way = { pause: () => Promise.resolve() };
const AWAY = new RpcError(Code.UNAVAILABLE, "the member is away");

/** A cluster of one state machine, the real one, in which time stands until the test moves it. */
export class LeasedCluster {
  readonly machine = new TestMachine();
  readonly timing = new ManualTiming();
  /** What watches are told of. */
  readonly history: Happened[] = [];
  readonly #leases = new Map<bigint, { readonly ttlSeconds: number; expiresMs: number }>();
  readonly #listeners = new Set<() => void>();
  #nextLease = 100n;
  #compactedTo = 0n;

  get revision(): bigint {
    return BigInt(this.machine.machine.mvcc.currentRevision);
  }

  /** Below it watches cannot begin any more. */
  get compactedTo(): bigint {
    return this.#compactedTo;
  }

  get leases(): readonly bigint[] {
    return [...this.#leases.keys()];
  }

  /** What the cluster says to somebody who has nothing to do with leasing. */
  get direct(): UpstreamKv {
    return this.kvOver(AT_ONCE);
  }

  /** The key as it was at a revision. */
  at(key: string, revision: bigint): KeyValue | undefined {
    let found: KeyValue | undefined;
    for (const { events } of this.history) {
      for (const { type, kv } of events) {
        if (!kv || kv.modRevision > revision || byteString(kv.key) !== key) continue;
        found = type === EventType.DELETE ? undefined : kv;
      }
    }
    return found;
  }

  /** The leasing keys that are there. */
  leasingKeys(): readonly string[] {
    const { kvs } = this.machine.range({ key: bytes(PREFIX), rangeEnd: bytes("leasing0") });
    return kvs.map(({ key, value }) => `${byteString(key)}=${byteString(value)}`);
  }

  /** Lets time pass, and leases end that were not renewed. */
  async advance(ms: number): Promise<void> {
    await this.timing.advance(ms);
    for (const [ID, { expiresMs }] of this.#leases) if (expiresMs <= this.timing.nowMs()) this.revoke(ID);
  }

  /** Watches that have not come to the present have to begin anew. */
  compact(): void {
    this.#compactedTo = this.revision;
  }

  revoke(ID: bigint): void {
    if (this.#leases.delete(ID)) this.#apply({ leaseRevoke: { ID } });
  }

  grant(ttlSeconds: number): bigint {
    const ID = this.#nextLease++;
    this.#apply({ leaseGrant: { ID, TTL: BigInt(ttlSeconds) } });
    this.#leases.set(ID, { ttlSeconds, expiresMs: this.timing.nowMs() + ttlSeconds * 1000 });
    return ID;
  }

  /** A proxy whose calls and events go this way; `calls` are what the cluster has been asked. */
  proxy(way: Way = AT_ONCE) {
    const calls: string[] = [];
    const warnings: string[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string, fields?: object) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
      error: () => undefined,
    };
    const kv = this.kvOver(way, (call) => calls.push(call));
    const { timing: clock } = this;
    const timing: Timing = {
      nowMs: () => clock.nowMs() + (way.lateMs?.() ?? 0),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const leasing = leasingKv({
      kv,
      openWatch: this.watchesOver(way),
      leases: this.#leasesOver(way),
      prefix: PREFIX,
      logger,
      timing,
    });
    return { ...leasing, calls, warnings };
  }

  kvOver(way: Way, onCall: (call: string) => void = () => undefined): UpstreamKv {
    const call = <T>(name: string, apply: () => T): Promise<T> => {
      onCall(name);
      return over(way, apply);
    };
    return {
      range: (request) => call("range", () => this.machine.range(request)),
      put: (put) => call("put", () => this.#answer(PutResponseSchema, { put })),
      deleteRange: (deleteRange) => call("deleteRange", () => this.#answer(DeleteRangeResponseSchema, { deleteRange })),
      txn: (txn) => call("txn", () => this.#answer(TxnResponseSchema, { txn })),
      compact: () => call("compact", () => create(CompactionResponseSchema)),
    };
  }

  watchesOver(way: Way): OpenWatch {
    return (keys, _token, sink) => {
      const watch = new ClusterWatch(this, spanOf(keys), sink, async () => {
        await through({ ...way, pause: way.watchPause ?? way.pause });
        return way.breaks?.() !== true;
      });
      const listen = (): void => void watch.run();
      this.#listeners.add(listen);
      listen();
      return {
        close: () => {
          watch.close();
          this.#listeners.delete(listen);
        },
      };
    };
  }

  #leasesOver(way: Way): SessionLeases {
    return {
      grant: (ttlSeconds) =>
        over(way, () => ({ leaseId: this.grant(ttlSeconds), ttlSeconds, revision: this.revision })),
      renew: (ID) =>
        over(way, () => {
          const lease = this.#leases.get(ID);
          if (lease) lease.expiresMs = this.timing.nowMs() + lease.ttlSeconds * 1000;
          return lease?.ttlSeconds ?? 0;
        }),
      revoke: (ID) => over(way, () => this.revoke(ID)),
    };
  }

  #answer<T extends Message>(schema: GenMessage<T>, init: Parameters<TestMachine["apply"]>[0]): T {
    const message = this.machine.resolve<Message>(this.#apply(init).response!);
    if (!isMessage(message, schema)) throw new Error(`the answer is a ${message.$typeName}`);
    return message;
  }

  #apply(init: Parameters<TestMachine["apply"]>[0]) {
    const outcome = this.machine.apply(init);
    if (outcome.fault !== undefined) throw new RpcError(Code.FAILED_PRECONDITION, outcome.fault);
    if (outcome.events.length > 0) {
      this.history.push({ revision: BigInt(outcome.revision), events: outcome.events });
      for (const listen of this.#listeners) listen();
    }
    return outcome;
  }
}

/** A call there and back; what is cut off waits, as it would for a connection. */
async function over<T>(way: Way, apply: () => T): Promise<T> {
  const failing = way.fails?.();
  await through(way);
  if (failing === "there") throw AWAY;
  const answer = apply();
  await through(way);
  if (failing === "back") throw AWAY;
  return answer;
}

async function through(way: Way): Promise<void> {
  do await way.pause();
  while (way.isCut?.() === true);
}
