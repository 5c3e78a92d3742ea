import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { Cluster, KV, Lease, RangeRequestSchema, Watch } from "../proto/gen/rpc_pb.js";
import { bindService, type BoundMethod } from "../rpc/service.ts";
import { clusterProxy } from "./cluster-proxy.ts";
import { forwardedServices } from "./forwarded-services.ts";
import { KeyNamespace } from "./key-namespace.ts";
import { kvProxy } from "./kv-proxy.ts";
import { LeaderWatch } from "./leader-watch.ts";
import { leaseProxy } from "./lease-proxy.ts";
import { leasingKv, type LeasingKv } from "./leasing-kv.ts";
import { observeProxy } from "./proxy-metrics.ts";
import { ProxyRegistry, type RegisteredProxy } from "./proxy-registry.ts";
import { RevisionOrder } from "./revision-order.ts";
import { sessionLeases, type SessionLeases } from "./session-leases.ts";
import { NO_ORIGIN, type Upstream } from "./upstream.ts";
import { upstreamKv, type UpstreamKv } from "./upstream-kv.ts";
import { upstreamWatches } from "./upstream-watch.ts";
import { watchProxy } from "./watch-proxy.ts";
import { WatchRanges } from "./watch-ranges.ts";

/** What a proxy is made of. */
export interface GrpcProxyOptions {
  readonly upstream: Upstream;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Put before all keys; empty: no namespace. */
  readonly namespace: string;
  /** Whether revisions of answers may never fall. */
  readonly keepsOrder: boolean;
  /** Before the keys that say which proxy owns a key; empty: no proxy owns any. */
  readonly leasingPrefix: string;
  /** How clients reach this proxy; undefined: they are shown the members of the cluster. */
  readonly self: RegisteredProxy | undefined;
  /** The group of proxies that it belongs to. */
  readonly group: { readonly prefix: string; readonly ttlSeconds: number } | undefined;
}

/** Pause between two tries to learn the revision that later answers must not fall below. */
const ORDER_RETRY_MS = 1000;

/** What a proxy serves. */
export interface GrpcProxy {
  readonly methods: readonly BoundMethod[];
  /** Gives back what it holds in the cluster. */
  close(): Promise<void>;
}

/** All services of a proxy in front of a cluster; where order is to be kept, once the cluster has said where it is. */
export async function grpcProxy(options: GrpcProxyOptions): Promise<GrpcProxy> {
  const { upstream, logger, metrics, self, group } = options;
  const namespace =
    options.namespace === "" ? undefined : new KeyNamespace(new TextEncoder().encode(options.namespace));
  const order = options.keepsOrder ? new RevisionOrder(() => upstream.endpoints.length) : undefined;
  const kv = upstreamKv(upstream, namespace, order);
  if (order) await recoverOrder(kv, logger);
  const openWatch = upstreamWatches(upstream, namespace);
  const ranges = new WatchRanges(openWatch);
  const leader = new LeaderWatch(upstream);
  const leases = sessionLeases(upstream);
  const leasing = leasingOver(options, kv, leases, namespace);
  const clientKv = leasing?.kv ?? kv;
  const registry = self && group && new ProxyRegistry({ leases, kv: clientKv, openWatch, logger, self, ...group });
  const { service, counts } = kvProxy(clientKv);
  observeProxy(metrics, counts, ranges);
  const methods = [
    ...bindService(KV, service),
    ...bindService(Watch, watchProxy({ ranges, kv, leader, logger })),
    ...bindService(Lease, leaseProxy({ upstream, namespace, leader })),
    ...bindService(Cluster, clusterProxy({ upstream, self, proxies: () => registry?.proxies ?? [] })),
    ...forwardedServices(upstream),
  ];
  return { methods, close: async () => leasing?.close() };
}

/** Over the namespace, as in etcd: the prefix is one of the namespace's keys. */
function leasingOver(
  { upstream, logger, leasingPrefix: prefix }: GrpcProxyOptions,
  kv: UpstreamKv,
  leases: SessionLeases,
  namespace: KeyNamespace | undefined,
): LeasingKv | undefined {
  if (prefix === "") return undefined;
  const openWatch = upstreamWatches(upstream, namespace, "a leader");
  return leasingKv({ kv, openWatch, leases, prefix, logger });
}

async function recoverOrder(kv: UpstreamKv, logger: Logger): Promise<void> {
  logger.info("waiting for linearized read from cluster to recover ordering");
  const request = create(RangeRequestSchema, { key: new TextEncoder().encode("_"), keysOnly: true });
  for (;;) {
    try {
      await kv.range(request, NO_ORIGIN);
      return;
    } catch (error) {
      const reason = messageOf(error);
      logger.warn("ordering recovery failed, retrying in 1s", { error: reason });
    }
    await pause(ORDER_RETRY_MS);
  }
}
