import { seededRandom, type Random } from "../../../server/base/prng.ts";
import type { Cluster } from "../../support/cluster.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { ControlPlane } from "./start-control-plane.ts";
import type { KubeApi } from "./kube-api.ts";
import { MemberKiller } from "./member-killer.ts";
import { metricValues } from "./metric-values.ts";
import { ObjectChurn } from "./object-churn.ts";
import { ResourceWatcher } from "./resource-watcher.ts";
import { ScalingRounds } from "./scaling-rounds.ts";
import { SimulatedNodes } from "./simulated-nodes.ts";
import { WATCHED_RESOURCES, type WatchedResource } from "./watched-resources.ts";
import { WriteTimes } from "./write-times.ts";

const NAMESPACES = { scaled: "scaled", churn: "churn" } as const;
const NAMESPACE_TIMEOUT_MS = 60_000;
const WRITERS = 8;
const OBJECTS_PER_WRITER = 40;
const WRITER_PAUSE_MS = 150;

/** How long, how much, how often. */
export interface RunOptions {
  readonly minutes: number;
  readonly deployments: number;
  readonly rounds: number;
  /** The most of one deployment. */
  readonly replicas: number;
  readonly nodes: number;
  readonly compactionMs: number;
  readonly killEveryMs: number;
  readonly seed: number;
}

/** All that runs, from the start to the judgement. */
export interface Run {
  readonly options: RunOptions;
  readonly cluster: Cluster;
  readonly plane: ControlPlane;
  readonly watchers: readonly ResourceWatcher[];
  readonly nodes: SimulatedNodes;
  readonly scaling: ScalingRounds;
  readonly churn: ObjectChurn;
  readonly killer: MemberKiller;
  readonly times: WriteTimes;
  /** How often each watch cache had been filled before anything was killed. */
  readonly cachesAtStart: ReadonlyMap<string, number>;
}

/** Nodes, namespaces, deployments of size 0 and a watcher of every resource; nothing is killed yet. */
export async function prepareRun(options: RunOptions, cluster: Cluster, plane: ControlPlane): Promise<Run> {
  const { api } = plane;
  const nodes = new SimulatedNodes(api, options.nodes);
  // Two of them: how many watches there are must not decide the sizes of the rounds.
  const [sizes, lengths] = [seededRandom(options.seed), seededRandom(options.seed + 1)];
  const watchers = WATCHED_RESOURCES.map((resource) => watcherOf(api, resource, lengths, nodes));
  for (const watcher of watchers) watcher.start();
  for (const name of Object.values(NAMESPACES)) {
    await api.call("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  }
  await nodes.start();
  await waitUntil(
    "pods may be made",
    async () =>
      (await api.call("GET", `/api/v1/namespaces/${NAMESPACES.scaled}/serviceaccounts/default`)).metadata.name,
    { timeoutMs: NAMESPACE_TIMEOUT_MS },
  );
  const times = new WriteTimes();
  const scaling = new ScalingRounds({ api, namespace: NAMESPACES.scaled, random: sizes, times: new WriteTimes() });
  await scaling.create(options.deployments);
  await scaling.settled();
  const churn = new ObjectChurn({
    api,
    namespace: NAMESPACES.churn,
    seed: options.seed,
    writers: WRITERS,
    objectsPerWriter: OBJECTS_PER_WRITER,
    pauseMs: WRITER_PAUSE_MS,
    times,
  });
  const killer = new MemberKiller(cluster, options.killEveryMs);
  return {
    options,
    cluster,
    plane,
    watchers,
    nodes,
    scaling,
    churn,
    killer,
    times,
    cachesAtStart: await cacheFills(api),
  };
}

function watcherOf(api: KubeApi, resource: WatchedResource, random: Random, nodes: SimulatedNodes) {
  const onObject = (...[pod, isDeleted]: Parameters<SimulatedNodes["observe"]>): void => nodes.observe(pod, isDeleted);
  return new ResourceWatcher(api, resource, { random, ...(resource.name === "pods" && { onObject }) });
}

/** How often each watch cache was filled. */
export async function cacheFills(api: KubeApi): Promise<ReadonlyMap<string, number>> {
  return metricValues(await api.text("GET", "/metrics"), "apiserver_watch_cache_initializations_total");
}
