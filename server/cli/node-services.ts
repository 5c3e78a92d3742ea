import { hexId } from "../base/ids.ts";
import { ETCD_VERSION } from "../base/versions.ts";
import { checkHealth, runCheck } from "../api/health-checks.ts";
import { clientServices, type ServiceAuth } from "../api/services.ts";
import type { Config } from "../config/config.ts";
import type { HttpSources } from "../gateway/http-handler.ts";
import type { Node } from "../node/node.ts";
import { callMetrics } from "../observability/call-metrics.ts";
import type { ScrapableMetrics } from "../observability/prometheus-metrics.ts";
import type { Logger } from "../ports/logger.ts";
import type { BoundMethod } from "../rpc/service.ts";
import { maxMessageBytes } from "./client-port.ts";

/** All gRPC methods of a member. */
export function nodeMethods(node: Node, config: Config, auth: ServiceAuth): readonly BoundMethod[] {
  const limits = {
    maxTxnOps: config.maxTxnOps,
    watchFragmentBytes: maxMessageBytes(config),
    watchProgressIntervalMs: config.watchProgressNotifyIntervalMs,
    stopsOnDefragment: config.featureGates.StopGRPCServiceOnDefrag,
  };
  return clientServices(node, limits, auth);
}

/** What is told of every call, whoever carries it: it is counted, and one that took long is logged (etcd's words). */
export function callObservers(
  methods: readonly BoundMethod[],
  metrics: ScrapableMetrics,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
) {
  const calls = callMetrics(metrics, methods, { isExtensive: config.metrics === "extensive" });
  return {
    onCallStart: (method: BoundMethod, clientVersion: string | undefined): void => {
      calls.onStart(method, clientVersion);
    },
    onCallEnd: (method: BoundMethod, code: number, durationMs: number): void => {
      calls.onEnd(method, code, durationMs);
      if (method.kind !== "unary" || durationMs <= config.warningUnaryRequestDurationMs) return;
      const spent = `${durationMs.toFixed(3)}ms`;
      logger.warn("request stats", { "time spent": spent, "response type": method.path, code });
    },
    onReceived: (method: BoundMethod, bytes: number): void => {
      calls.onReceived(method, bytes);
    },
    onSent: (method: BoundMethod, bytes: number): void => {
      calls.onSent(method, bytes);
    },
  };
}

/** What a member says over plain HTTP. */
export function nodeHttpSources(node: Node, metrics: ScrapableMetrics): HttpSources {
  return {
    version: () => ({
      etcdserver: ETCD_VERSION,
      etcdcluster: node.machine.membership.clusterVersion ?? "not_decided",
      storage: node.machine.storageVersion.detected ?? "unknown",
    }),
    health: (options) => checkHealth(node, options),
    check: (name, probe) => runCheck(node, name, probe),
    metrics: () => metrics.text(),
    debugVariables: () => debugVariables(node),
  };
}

/** What Go's expvar and etcd show, as far as it means something here. */
function debugVariables(node: Node): Readonly<Record<string, unknown>> {
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  const { leader, term, commitIndex, appliedIndex } = node.raftStatus;
  return {
    cmdline: process.argv,
    memstats: { Sys: rss, HeapSys: heapTotal, HeapAlloc: heapUsed },
    "raft.status": {
      id: hexId(node.selfId),
      term,
      commit: commitIndex,
      applied: appliedIndex,
      lead: hexId(leader),
      raftState: node.leadership.isLeader ? "StateLeader" : "StateFollower",
    },
  };
}
