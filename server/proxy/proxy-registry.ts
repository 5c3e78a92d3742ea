import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import { byteString, type ByteString } from "../base/byte-string.ts";
import { prefixEnd } from "../client/key-range-end.ts";
import { renewalPeriodMs } from "../client/renewal-period.ts";
import type { Logger } from "../ports/logger.ts";
import { Event_EventType as EventType } from "../proto/gen/kv_pb.js";
import { RangeRequestSchema, TxnRequestSchema, type WatchResponse } from "../proto/gen/rpc_pb.js";
import type { KeyInterval } from "./key-namespace.ts";
import type { SessionLeases } from "./session-leases.ts";
import { NO_ORIGIN } from "./upstream.ts";
import type { UpstreamKv } from "./upstream-kv.ts";
import { watchFrom } from "./watch-from.ts";
import type { OpenWatch } from "./watch-ranges.ts";

/** Pause before another try to be registered, or to hear of the others. */
const RETRY_PAUSE_MS = 1000;

/** A proxy that clients can reach. */
export interface RegisteredProxy {
  readonly name: string;
  readonly address: string;
}

/** What a registry works with, and who is registered in it. */
export interface ProxyRegistryParts {
  readonly leases: SessionLeases;
  readonly kv: UpstreamKv;
  readonly openWatch: OpenWatch;
  readonly logger: Logger;
  /** The proxies that share it are one group. */
  readonly prefix: string;
  readonly ttlSeconds: number;
  readonly self: RegisteredProxy;
}

/**
 * The proxies of a group, kept in the cluster under keys of etcd's naming package: each holds its own with a lease, and
 * watches those of the others. It runs as long as the process.
 */
export class ProxyRegistry {
  readonly #parts: ProxyRegistryParts;
  readonly #proxies = new Map<ByteString, RegisteredProxy>();

  constructor(parts: ProxyRegistryParts) {
    this.#parts = parts;
    void this.#stayRegistered();
    void this.#follow();
  }

  /** Those who are registered now, as far as is known. */
  get proxies(): readonly RegisteredProxy[] {
    return [...this.#proxies.values()];
  }

  async #stayRegistered(): Promise<void> {
    const { logger, self, ttlSeconds } = this.#parts;
    for (;;) {
      try {
        const leaseId = await this.#register();
        logger.info("registered session with lease", { addr: self.address, "lease-ttl": ttlSeconds });
        await this.#keepAlive(leaseId);
        logger.warn("session expired; possible network partition or server restart");
        logger.warn("creating a new session to rejoin");
      } catch (error) {
        logger.warn("failed to create a session", { error: messageOf(error) });
      }
      await pause(RETRY_PAUSE_MS);
    }
  }

  async #register(): Promise<bigint> {
    const { leases, kv, prefix, ttlSeconds, self } = this.#parts;
    const { leaseId: lease } = await leases.grant(ttlSeconds);
    const put = { key: utf8(`${prefix}/${self.address}`), value: utf8(recordOf(self)), lease };
    await kv.txn(create(TxnRequestSchema, { success: [{ request: { case: "requestPut", value: put } }] }), NO_ORIGIN);
    return lease;
  }

  /** Until the lease is gone. */
  async #keepAlive(leaseId: bigint): Promise<void> {
    const { leases, ttlSeconds } = this.#parts;
    do await pause(renewalPeriodMs(ttlSeconds));
    while ((await leases.renew(leaseId)) > 0);
  }

  async #follow(): Promise<void> {
    const { kv, logger, prefix } = this.#parts;
    const key = utf8(`${prefix}/`);
    const rangeEnd = prefixEnd(key);
    for (;;) {
      try {
        const { header, kvs } = await kv.range(
          create(RangeRequestSchema, { key, rangeEnd, serializable: true }),
          NO_ORIGIN,
        );
        this.#proxies.clear();
        for (const record of kvs) this.#take(record.key, record.value);
        await this.#watch({ key, rangeEnd }, (header?.revision ?? 0n) + 1n);
        logger.warn("watch closed", { target: prefix });
      } catch (error) {
        logger.warn("failed to establish endpoint watch", { prefix, error: messageOf(error) });
      }
      await pause(RETRY_PAUSE_MS);
    }
  }

  /** Until the cluster cancels the watch. */
  #watch(keys: KeyInterval, from: bigint): Promise<void> {
    return new Promise((resolve) => {
      const watch = watchFrom(this.#parts.openWatch, keys, { from, token: undefined }, (response) => {
        this.#apply(response);
        if (!response.canceled) return;
        watch.close();
        resolve();
      });
    });
  }

  #apply({ events }: WatchResponse): void {
    for (const { type, kv } of events) {
      if (!kv) continue;
      if (type === EventType.DELETE) this.#proxies.delete(byteString(kv.key));
      else this.#take(kv.key, kv.value);
    }
  }

  #take(key: Uint8Array, value: Uint8Array): void {
    const proxy = proxyOf(new TextDecoder().decode(value));
    if (proxy) this.#proxies.set(byteString(key), proxy);
    else this.#parts.logger.warn("unmarshal endpoint update failed", { key: new TextDecoder().decode(key) });
  }
}

/** What stands in the cluster for a proxy: etcd's naming record, with its name as JSON in JSON. */
function recordOf({ name, address }: RegisteredProxy): string {
  return JSON.stringify({ Op: 0, Addr: address, Metadata: JSON.stringify({ name }) });
}

/** Undefined: it is no such record. */
function proxyOf(text: string): RegisteredProxy | undefined {
  try {
    const { Addr: address, Metadata: metadata } = JSON.parse(text) as { Addr?: unknown; Metadata?: unknown };
    if (typeof address !== "string") return undefined;
    const { name } = typeof metadata === "string" ? (JSON.parse(metadata) as { name?: unknown }) : {};
    return { name: typeof name === "string" ? name : "", address };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
