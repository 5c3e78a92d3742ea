import { hostname } from "node:os";
import { jsonLogger } from "../observability/json-logger.ts";
import { callMetrics } from "../observability/call-metrics.ts";
import { prometheusMetrics, type ScrapableMetrics } from "../observability/prometheus-metrics.ts";
import { standardStream } from "../observability/standard-stream.ts";
import { GrpcJsServer } from "../grpc/grpc-js-server.ts";
import type { Logger } from "../ports/logger.ts";
import { syncEndpoints } from "../proxy/endpoint-sync.ts";
import { grpcProxy, type GrpcProxy } from "../proxy/grpc-proxy.ts";
import { memberMetrics } from "../proxy/member-metrics.ts";
import { proxyHealth, readHealth } from "../proxy/proxy-health.ts";
import { proxyHttp, type ProxyHttpSources } from "../proxy/proxy-http.ts";
import { Upstream } from "../proxy/upstream.ts";
import type { UpstreamTls } from "../proxy/upstream-channel.ts";
import type { BoundMethod } from "../rpc/service.ts";
import { fatalHandler } from "./fatal.ts";
import { discovered } from "./gateway-command.ts";
import { grpcProxyRefusal } from "./grpc-proxy-checks.ts";
import { GRPC_PROXY } from "./grpc-proxy-options.ts";
import { bindClients, bindMetrics } from "./grpc-proxy-port.ts";
import { proxyClientTls, proxyServerTls } from "./grpc-proxy-tls.ts";
import type { FlagValues } from "./proxy-arguments.ts";
import { proxyMain, ProxyRefusal } from "./proxy-main.ts";
import { onShutdownSignal } from "./signals.ts";

/** What grpc-go's servers take at most, which etcd leaves as it is. */
const MAX_RECEIVE_BYTES = 4 * 1024 * 1024;
/** grpc-js takes this or more for: never. */
const NEVER_MS = 2 ** 31 - 1;

/** `etcd grpc-proxy`: serves the client API in front of a cluster, with fewer watches and reads behind it. */
export async function grpcProxyMain(args: readonly string[]): Promise<void> {
  await proxyMain(GRPC_PROXY, args, start);
}

async function start(flags: FlagValues): Promise<void> {
  const refusal = grpcProxyRefusal(flags);
  if (refusal !== undefined) throw new ProxyRefusal(refusal);
  const level = flags.isSet("debug") ? "debug" : "info";
  const logger = jsonLogger(standardStream("stderr"), level, "kvorum/grpc-proxy");
  const onFatal = fatalHandler(logger);
  if (flags.isSet("enable-pprof")) logger.warn("--enable-pprof has no effect: it is for profiles of the Go runtime");
  const address = flags.text("listen-addr");
  const serverTls = await proxyServerTls(flags, logger);
  const port = await bindClients(address, serverTls?.server, logger);
  logger.info("listening for gRPC proxy client requests", { address });
  const tls = proxyClientTls(flags, logger);
  const upstream = await upstreamOf(flags, tls, logger);
  const metrics = prometheusMetrics();
  const proxy = await proxyOf(flags, upstream, { logger, metrics });
  const grpc = grpcServer(flags, proxy.methods, { logger, metrics, onBug: onFatal });
  const self = selfOf(flags, serverTls?.self);
  const http = proxyHttp(httpSources({ upstream, tls, self, metrics, logger }));
  port.serve({ grpc, http });
  const metricsAddress = flags.text("metrics-addr");
  if (metricsAddress !== "") {
    const metricsPort = await bindMetrics(metricsAddress, serverTls?.server, logger);
    logger.info("gRPC proxy listening for metrics", { address: metricsAddress });
    metricsPort.serve({ grpc: undefined, http });
    logger.info("gRPC proxy server metrics URL serving");
  }
  logger.info("started gRPC proxy", { address });
  onShutdownSignal(async () => {
    port.close();
    await proxy.close();
  });
}

async function upstreamOf(flags: FlagValues, tls: UpstreamTls | undefined, logger: Logger): Promise<Upstream> {
  const found = await discovered(flags, logger, "cacert");
  const endpoints = found.length > 0 ? found.map(({ url }) => url) : flags.list("endpoints");
  if (endpoints.length === 0) throw new ProxyRefusal("etcdclient: no available endpoints");
  const upstream = new Upstream(endpoints, {
    tls,
    // As in etcd, what is not above zero leaves the limit out.
    maxSendBytes: flags.number("max-send-bytes") > 0 ? flags.number("max-send-bytes") : -1,
    maxReceiveBytes: flags.number("max-recv-bytes") > 0 ? flags.number("max-recv-bytes") : -1,
    keepaliveTimeMs: flags.number("dial-keepalive-time"),
    keepaliveTimeoutMs: flags.number("dial-keepalive-timeout"),
    pingsWithoutCalls: flags.isSet("permit-without-stream"),
  });
  const intervalMs = flags.number("endpoints-auto-sync-interval");
  if (intervalMs > 0) void syncEndpoints(upstream, intervalMs, logger);
  return upstream;
}

interface ServerParts {
  readonly logger: Logger;
  readonly metrics: ScrapableMetrics;
  readonly onBug: (error: unknown) => void;
}

function proxyOf(
  flags: FlagValues,
  upstream: Upstream,
  { logger, metrics }: Pick<ServerParts, "logger" | "metrics">,
): Promise<GrpcProxy> {
  const advertised = flags.given("advertise-client-url");
  const prefix = flags.given("resolver-prefix");
  return grpcProxy({
    upstream,
    logger,
    metrics,
    namespace: flags.text("namespace"),
    keepsOrder: flags.isSet("experimental-serializable-ordering"),
    leasingPrefix: flags.text("experimental-leasing-prefix"),
    self: advertised === undefined ? undefined : { name: hostname(), address: advertised },
    group: prefix === undefined ? undefined : { prefix, ttlSeconds: flags.number("resolver-ttl") },
  });
}

function grpcServer(
  flags: FlagValues,
  methods: readonly BoundMethod[],
  { logger, metrics, onBug }: ServerParts,
): GrpcJsServer {
  const calls = callMetrics(metrics, methods, { isExtensive: false });
  const isLogging = flags.isSet("experimental-enable-grpc-logging");
  return new GrpcJsServer(methods, {
    maxReceiveBytes: MAX_RECEIVE_BYTES,
    maxConcurrentStreams: flags.number("max-concurrent-streams"),
    keepaliveTimeMs: flags.number("grpc-keepalive-interval") || NEVER_MS,
    keepaliveTimeoutMs: flags.number("grpc-keepalive-timeout") || NEVER_MS,
    onBug,
    onCallStart: (method) => {
      calls.onStart(method);
    },
    onCallEnd: (method, code, durationMs) => {
      calls.onEnd(method, code, durationMs);
      if (isLogging) logCall(logger, method, code, durationMs);
    },
  });
}

function logCall(logger: Logger, { service, name, kind }: BoundMethod, code: number, durationMs: number): void {
  logger.info(`finished ${kind === "unary" ? "unary" : "streaming"} call with code ${String(code)}`, {
    "grpc.service": service,
    "grpc.method": name,
    "grpc.code": code,
    "grpc.time_ms": durationMs,
  });
}

/** A connection to itself, for its health as clients would find it. */
function selfOf(flags: FlagValues, tls: UpstreamTls | undefined): Upstream | undefined {
  const advertised = flags.given("advertise-client-url");
  return advertised === undefined ? undefined : new Upstream([advertised], { tls });
}

function httpSources(parts: {
  readonly upstream: Upstream;
  readonly tls: UpstreamTls | undefined;
  readonly self: Upstream | undefined;
  readonly metrics: ScrapableMetrics;
  readonly logger: Logger;
}): ProxyHttpSources {
  const { upstream, tls, self, metrics, logger } = parts;
  return {
    logger,
    health: () => readHealth(upstream),
    proxyHealth: () => proxyHealth(self),
    memberMetrics: () => {
      const { endpoints } = upstream;
      const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)] ?? "";
      return memberMetrics(endpoint, tls);
    },
    proxyMetrics: () => metrics.text(),
  };
}
