import { fork, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { EtcdCluster } from "../../operator/types/etcd-cluster.ts";
import { findCondition } from "../../operator/types/condition.ts";
import { OPERATOR_NODE_FLAGS } from "../../tools/launcher.ts";
import { repositoryRoot } from "../../tools/repository-root.ts";
import { Nature } from "../simulation/operator/controllers/nature.ts";
import { SimulatedMembers } from "../simulation/operator/controllers/simulated-members.ts";
import { StoredObjects } from "../simulation/operator/controllers/stored-objects.ts";
import { FakeKube, type FakeCall } from "../support/fake-kube/fake-kube.ts";
import { etcdCluster } from "../support/operator-objects.ts";
import { mebibytes, processCpuSeconds, processMemory } from "../support/process-stats.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";
import { MemberEndpoints } from "./operator-idle-members.ts";

const HELP = `node test/integration/operator-idle.ts [options]

What an operator costs that has nothing to do. The whole operator looks after so many clusters of three members: it founds
them on an API server in memory, with pods and members that are simulated behind real sockets, and is then left alone. Prints
API calls and calls to members a minute, CPU and memory; the API server must not be written to. Build first (npm run build).

  --clusters N    (default 50)
  --seconds N     how long it is looked at (default 130)
  --built FOLDER  what was built (default dist); "source": the sources as they are, which costs memory
  --flags FLAGS   Node's flags, with commas between (default those of dist/bin/kvorum-operator)
`;

const { values } = parseArgs({
  options: {
    clusters: { type: "string", default: "50" },
    seconds: { type: "string", default: "130" },
    built: { type: "string", default: join(repositoryRoot, "dist") },
    flags: { type: "string", default: OPERATOR_NODE_FLAGS.join(",") },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const clusters = Number(values.clusters);
const seconds = Number(values.seconds);
/** What a kubelet and the controllers write about a pod beside its spec is about so long. */
const POD_BYTES = 6_000;
/** kube-apiserver sends bookmarks about so often. */
const BOOKMARK_MS = 60_000;
/** How often nature goes on, and how much happens then at most. */
const NATURE_MS = 5;
const HAPPENINGS_MAX = 20;
const FOUNDED_LIMIT_MS = 600_000;
/** Events that come late, such as the ends of series, are over after this time. */
const SETTLE_MS = 20_000;

const verdicts = new Verdicts();
const kube = new FakeKube();
kube.bookmarkMs = BOOKMARK_MS;
const objects = new StoredObjects(kube.store);
const members = new SimulatedMembers(() => Date.now());
const nature = new Nature(objects, members, () => Date.now(), { network: "127.77", podFiller: "x".repeat(POD_BYTES) });
const endpoints = new MemberEndpoints(members);
const over = new AbortController();

async function letNatureGoOn(): Promise<void> {
  while (!over.signal.aborted) {
    for (let count = 0; count < HAPPENINGS_MAX && nature.step() !== undefined; count++) await endpoints.listen();
    await sleep(NATURE_MS);
  }
}

function isFounded(): boolean {
  return objects.list("clusters").every((object) => {
    const { status } = object as unknown as EtcdCluster;
    return status?.readyReplicas === 3 && findCondition(status.conditions, "Progressing")?.reason === "AsWanted";
  });
}

/** Starts the operator as its launcher does. */
function startOperator(url: string): ChildProcess {
  const isBuilt = values.built !== "source";
  const root = isBuilt ? resolve(values.built) : repositoryRoot;
  const main = join(root, isBuilt ? "operator/cli/main.js" : "operator/cli/main.ts");
  if (!existsSync(main)) throw new Error(`${main} is missing: type "npm run build" first, or --built source`);
  return fork(new URL("operator-idle-process.ts", import.meta.url), [url, root, isBuilt ? "js" : "ts"], {
    execArgv: [...values.flags.split(","), "--expose-gc"],
    stdio: ["ignore", "inherit", "ignore", "ipc"],
  });
}

async function heapOf(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once("message", (message) => done((message as { heapBytes: number }).heapBytes));
    child.send("tell");
  });
}

/** How often each of these came, as times a minute. */
function ratesOf(names: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts]
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, count]) => `${perMinute(count)} ${name}`);
}

function nameOf({ verb, resource }: FakeCall): string {
  return `${verb} ${resource.split("/").at(-1) ?? ""}`;
}

function perMinute(count: number): string {
  return ((count * 60) / seconds).toFixed(1);
}

/** The lease is renewed all the time: that is what it is for. */
function isChange(call: FakeCall): boolean {
  return kube.writes.includes(call) && !call.resource.endsWith("/leases");
}

async function found(): Promise<void> {
  const startMs = performance.now();
  await waitUntil("all clusters are founded", () => (isFounded() ? true : undefined), {
    timeoutMs: FOUNDED_LIMIT_MS,
    everyMs: 200,
  });
  const writes = kube.writes.filter(isChange).length;
  const time = ((performance.now() - startMs) / 1000).toFixed(1);
  verdicts.check(true, `${String(clusters)} clusters of three are founded in ${time} s, with ${String(writes)} writes`);
}

async function look(child: ChildProcess): Promise<void> {
  const pid = child.pid ?? 0;
  await sleep(SETTLE_MS);
  const busy = processMemory(pid);
  const cpuBefore = processCpuSeconds(pid);
  const [firstCall, firstAsked] = [kube.calls.length, members.calls.length];
  await sleep(seconds * 1000);
  const calls = kube.calls.slice(firstCall);
  const asked = members.calls.slice(firstAsked);
  const { rss, anonymous } = processMemory(pid);
  const cpu = processCpuSeconds(pid) - cpuBefore;
  console.log(`API calls a minute: ${perMinute(calls.length)}`);
  for (const rate of ratesOf(calls.map(nameOf))) console.log(`  ${rate}`);
  console.log(`calls to members a minute: ${perMinute(asked.length)}`);
  for (const rate of ratesOf(asked)) console.log(`  ${rate}`);
  console.log(`CPU: ${((cpu * 1000) / seconds).toFixed(1)} ms a second`);
  console.log(
    `memory: ${mebibytes(rss)} resident, ${mebibytes(anonymous)} of it its own; ${mebibytes(busy.rss)} before`,
  );
  console.log(`live objects: ${mebibytes(await heapOf(child))}`);
  const writes = calls.filter(isChange);
  verdicts.check(
    asked.filter((name) => name === "memberList").length >= clusters,
    "every cluster was looked at again and again",
  );
  verdicts.check(writes.length === 0, `nothing was written but the lease (${String(writes.length)} other writes)`);
  verdicts.check(!calls.some(({ verb }) => verb === "list"), "nothing was listed again");
}

await verdicts.conclude(async () => {
  for (let at = 0; at < clusters; at++) {
    const name = `db-${String(at)}`;
    objects.create("clusters", etcdCluster({ replicas: 3, storage: { size: "10Gi" } }, name));
  }
  const url = await kube.start();
  const child = startOperator(url);
  const going = letNatureGoOn();
  try {
    await found();
    await look(child);
  } finally {
    over.abort();
    child.kill("SIGKILL");
    await going;
    endpoints.close();
    await kube.down();
  }
});
