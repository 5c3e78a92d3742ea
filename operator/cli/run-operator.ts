import { randomUUID } from "node:crypto";
import { pino } from "pino";
import type { Config } from "../config/config.ts";
import { OPERATOR_VERSION } from "../config/version.ts";
import { systemClock } from "../kube/clock.ts";
import type { Connection } from "../kube/connection.ts";
import { EventRecorder } from "../kube/event-recorder.ts";
import { KubeClient } from "../kube/kube-client.ts";
import { LeaderElector } from "../kube/leader-elector.ts";
import { ClusterMetrics } from "../observability/cluster-metrics.ts";
import { HealthServer } from "../observability/health-server.ts";
import { operatorLogger, type Logger } from "../observability/logger.ts";
import { OperatorMetrics } from "../observability/operator-metrics.ts";
import { Registry } from "../observability/registry.ts";
import type { OperatorParts, RunningControllers } from "./operator-parts.ts";
import { startControllers } from "./start-controllers.ts";

/** The lease that operators of one Kubernetes cluster are elected by. */
const LEASE_NAME = "kvorum-operator";
const USER_AGENT = `kvorum-operator/${OPERATOR_VERSION} (${process.platform}/${process.arch})`;

/** What an operator is started with. */
export interface OperatorStart {
  readonly config: Config;
  readonly connection: Connection;
  readonly namespace: string;
  readonly identity: string;
}

/** Runs until a signal asks for the end, or until another operator leads: then the process ends at once. */
export async function runOperator(start: OperatorStart): Promise<void> {
  const { config, connection, namespace, identity } = start;
  const stopSignal = nextStopSignal();
  const logger = loggerOf(config);
  endAtBugs(logger);
  const registry = new Registry();
  registry.addProcessMetrics();
  const metrics = new OperatorMetrics(registry);
  const leading = Promise.withResolvers<void>();
  const elector = config.leaderElect ? electorOf(start, metrics, logger, leading.resolve) : undefined;
  const parts = partsOf(start, logger, registry, metrics, () => elector?.isHolding() ?? true);
  let controllers: RunningControllers | undefined;
  const health = new HealthServer({
    metricsAddress: config.metricsAddr,
    healthAddress: config.healthAddr,
    registry,
    live: [{ name: "ping", check: () => undefined }],
    // One that waits for the lead is ready to take it.
    ready: [{ name: "controllers", check: () => controllers?.problem() }],
  });
  const listening = (await health.start()).map(({ address, port }) => `${address}:${String(port)}`);
  const about = { version: OPERATOR_VERSION, server: connection.server, namespace, identity, listening };
  logger.info("kvorum-operator starts", about);
  if (elector) elector.start();
  else leading.resolve();
  const isLeading = await Promise.race([leading.promise.then(() => true), stopSignal.then(() => false)]);
  if (isLeading) controllers = await startControllers(parts);
  logger.info("kvorum-operator stops", { signal: await stopSignal });
  await controllers?.stop(config.shutdownGrace);
  await parts.events.flush();
  // Last, when nothing acts any more: another operator begins at once.
  await elector?.stop();
  process.exit(0);
}

function partsOf(
  { config, connection, namespace, identity }: OperatorStart,
  logger: Logger,
  registry: Registry,
  metrics: OperatorMetrics,
  isLeader: () => boolean,
): OperatorParts {
  const client = clientOf(connection, metrics, isLeader);
  const events = new EventRecorder({
    client,
    clock: systemClock,
    instance: identity,
    onDropped: ({ reason, regarding }, why) =>
      logger.debug("an event is not written", { event: reason, object: regarding.metadata.name, why }),
  });
  const clusterMetrics = new ClusterMetrics(registry);
  const world = { clock: systemClock, random: Math.random, isLeader };
  return { config, namespace, client, events, logger, metrics, clusterMetrics, ...world };
}

function clientOf(connection: Connection, metrics: OperatorMetrics, mayWrite: () => boolean): KubeClient {
  return new KubeClient({
    connection,
    clock: systemClock,
    random: Math.random,
    userAgent: USER_AGENT,
    observe: (call) => metrics.apiCall(call),
    mayWrite,
  });
}

function electorOf(
  { config, connection, namespace, identity }: OperatorStart,
  metrics: OperatorMetrics,
  logger: Logger,
  onAcquired: () => void,
): LeaderElector {
  return new LeaderElector({
    client: clientOf(connection, metrics, () => true),
    clock: systemClock,
    random: Math.random,
    lease: { namespace: config.leaderElectionNamespace || namespace, name: LEASE_NAME },
    identity: `${identity}_${randomUUID()}`,
    onAcquired: () => {
      metrics.leading(true);
      logger.info("this operator is the leader");
      onAcquired();
    },
    onLost: (reason) => {
      // Whatever is under way has to end now: another operator may be acting already.
      logger.error("this operator is not the leader any more and ends", { reason });
      process.exit(1);
    },
    onProblem: (problem, error) => logger.warn(problem, { error }),
  });
}

function loggerOf({ logLevel, logFormat }: Config): Logger {
  const auto = process.stderr.isTTY ? "text" : "json";
  const format = logFormat === "auto" ? auto : logFormat;
  // Synchronous: a line that explains an exit must not be lost in it.
  return operatorLogger({ level: logLevel, format, destination: pino.destination({ fd: 2, sync: true }) });
}

/** The first signal that asks for the end; a second one ends the process as if nobody had caught the first. */
function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

/** A broken invariant ends the process; Kubernetes starts it again. */
function endAtBugs(logger: Logger): void {
  const end = (error: unknown): void => {
    const stack = error instanceof Error ? error.stack : undefined;
    logger.error("the operator ends: a bug, or a system that cannot be trusted", { error, stack });
    process.exit(1);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}
