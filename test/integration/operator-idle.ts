import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { fillDefaults } from "../../operator/types/schema-defaults.ts";
import { ETCD_CLUSTER } from "../../operator/types/etcd-cluster.ts";
import { LABELS } from "../../operator/types/names.ts";
import { FakeKube, type FakeCall } from "../support/fake-kube/fake-kube.ts";
import type { JsonObject } from "../support/fake-kube/json-object.ts";
import { target } from "../support/fake-kube/kube-harness.ts";
import { mebibytes, processCpuSeconds, processMemory } from "../support/process-stats.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";

const HELP = `node test/integration/operator-idle.ts [options]

What an operator costs that has nothing to do: so many clusters of three members, simulated in an API server in memory.
Every cluster is reconciled again and again; the API server must not be written to. Prints calls a minute and memory.

  --clusters N   (default 50)
  --seconds N    how long it is looked at (default 130)
  --resync N     seconds between two looks at every cluster (default 10; the operator's own default is 600)
`;

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "50" },
    seconds: { type: "string", default: "130" },
    resync: { type: "string", default: "10" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const clusters = Number(values.clusters);
const seconds = Number(values.seconds);
const setup = { manager: "setup", isStatus: false };
/** What a kubelet and the controllers write about a pod beside its spec is about so long. */
const POD_BYTES = 6_000;
/** kube-apiserver sends bookmarks about so often. */
const BOOKMARK_MS = 60_000;

const verdicts = new Verdicts();
const kube = new FakeKube();
kube.bookmarkMs = BOOKMARK_MS;

function createClusters(): void {
  for (let at = 0; at < clusters; at++) {
    const name = `db-${String(at)}`;
    const namespace = `team-${String(at % 10)}`;
    const spec = { replicas: 3, version: "0.1.0", storage: { size: "10Gi" } };
    const cluster = { apiVersion: "kvorum.io/v1alpha1", kind: "EtcdCluster", metadata: { name, namespace }, spec };
    const filled = fillDefaults(ETCD_CLUSTER.schema, cluster) as JsonObject;
    kube.store.create(target("kvorum.io/v1alpha1/etcdclusters", namespace, name), filled, setup);
    for (let ordinal = 0; ordinal < 3; ordinal++) createMember(namespace, name, ordinal);
  }
}

/** What the StatefulSet controller, the scheduler and the kubelet would have made. */
function createMember(namespace: string, cluster: string, ordinal: number): void {
  const name = `${cluster}-${String(ordinal)}`;
  const metadata = { namespace, labels: { [LABELS.cluster]: cluster }, annotations: { filler: "x".repeat(POD_BYTES) } };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name } };
  const claim = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { ...metadata, name: `data-${name}` } };
  kube.store.create(target("v1/pods", namespace, name), pod, setup);
  kube.store.create(target("v1/persistentvolumeclaims", namespace, `data-${name}`), claim, setup);
}

async function ask(child: ChildProcess): Promise<{ readonly reconciled: number; readonly heapBytes: number }> {
  return new Promise((resolve) => {
    child.once("message", (message) => resolve(message as { reconciled: number; heapBytes: number }));
    child.send("tell");
  });
}

/** Calls by verb and resource, as calls a minute. */
function ratesOf(calls: readonly FakeCall[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { verb, resource } of calls) {
    const name = `${verb} ${resource.split("/").at(-1) ?? ""}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, count]) => `${perMinute(count)} ${name}`);
}

function perMinute(count: number): string {
  return ((count * 60) / seconds).toFixed(1);
}

async function look(child: ChildProcess): Promise<void> {
  const pid = child.pid ?? 0;
  await waitUntil("quiet", async () => {
    const before = kube.writes.filter(isOurs).length;
    await sleep(3000);
    return before > 0 && kube.writes.filter(isOurs).length === before ? true : undefined;
  });
  console.log(
    `${String(kube.writes.filter(isOurs).length)} writes to make the objects of ${String(clusters)} clusters`,
  );
  const before = await ask(child);
  const cpuBefore = processCpuSeconds(pid);
  const first = kube.calls.length;
  await sleep(seconds * 1000);
  const calls = kube.calls.slice(first);
  const { rss, anonymous } = processMemory(pid);
  const cpu = processCpuSeconds(pid) - cpuBefore;
  const after = await ask(child);
  const writes = calls.filter((call) => kube.writes.includes(call) && isOurs(call));
  console.log(`calls a minute: ${perMinute(calls.length)}`);
  for (const rate of ratesOf(calls)) console.log(`  ${rate}`);
  console.log(
    `memory: ${mebibytes(rss)} resident, ${mebibytes(anonymous)} of it its own; ${mebibytes(after.heapBytes)} of live objects`,
  );
  console.log(`CPU: ${((cpu * 1000) / seconds).toFixed(1)} ms a second`);
  const reconciled = after.reconciled - before.reconciled;
  verdicts.check(reconciled >= clusters, `every cluster was looked at again (${String(reconciled)} reconciliations)`);
  verdicts.check(writes.length === 0, `nothing was written but the lease (${String(writes.length)} other writes)`);
  verdicts.check(!calls.some(({ verb }) => verb === "list"), "nothing was listed again");
}

/** The lease is renewed all the time: that is what it is for. */
function isOurs({ resource }: FakeCall): boolean {
  return !resource.endsWith("/leases");
}

await verdicts.conclude(async () => {
  createClusters();
  const url = await kube.start();
  const child = fork(new URL("operator-idle-process.ts", import.meta.url), [url, values.resync], {
    execArgv: ["--no-warnings", "--expose-gc"],
  });
  try {
    await new Promise((resolve) => child.once("message", resolve));
    await look(child);
  } finally {
    child.kill("SIGKILL");
    await kube.down();
  }
});
