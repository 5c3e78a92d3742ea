import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type Random } from "../../server/base/prng.ts";
import { KV } from "../../server/proto/gen/rpc_pb.js";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { harnessArguments } from "../support/harness-arguments.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { HoldingProxy } from "../support/holding-proxy.ts";
import { SERVER_HELP } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";

const HELP = `node test/integration/restart-loop.ts [options]

Three members with TLS between them and a log so short that whoever was away is sent a snapshot. One is killed with -9 and
restarted at once, over and over, under writes. Before each peer port stands a proxy as that of etcd's robustness suite, which
bears 16 connections to a member that is away. Each member must be ready again within 20 s, and no restart may see more.

  --kills N       members killed over all (default 100)
  --rate N        writes per second (default 300)
  --seed N        which members die when (default: the time)
  --server NAME   ${SERVER_HELP}
  --keep          keep data and logs
`;

const { values, binary } = harnessArguments(HELP, {
  kills: { type: "string", default: "100" },
  rate: { type: "string", default: "300" },
});

const MEMBERS = 3;
/** The suite's own pause. */
const AWAY_MS = 20;
const READY_TIMEOUT_MS = 20_000;
/** What the suite's proxy bears before it takes no connection any more. */
const MAX_FAILURES = 16;
const REPORT_MS = 3000;
const FLAGS = [
  "--snapshot-count=100",
  "--snapshot-catchup-entries=100",
  "--heartbeat-interval=100",
  "--election-timeout=2000",
];

const verdicts = new Verdicts();
await verdicts.conclude(() => restartLoop(Number(values.kills), Number(values.rate), Number(values.seed)));

async function restartLoop(kills: number, perSecond: number, seed: number): Promise<void> {
  console.log(`${binary.name}: ${String(kills)} kills under ${String(perSecond)} writes/s, --seed ${String(seed)}`);
  const proxies: HoldingProxy[] = [];
  const cluster = await Cluster.create({
    binary,
    size: MEMBERS,
    flags: FLAGS,
    isTls: true,
    async advertisedPeerPort(_index, peerPort) {
      const proxy = await HoldingProxy.start(peerPort);
      proxies.push(proxy);
      return proxy.port;
    },
  });
  // A member that hangs tells with SIGUSR2 where.
  if (binary.isKvorum) process.env["NODE_OPTIONS"] = `--report-on-signal --report-directory=${cluster.folder}`;
  let isGood = false;
  try {
    await cluster.start();
    const load = new WriteLoad({
      endpoints: () => cluster.members.map((member) => member.client),
      perSecond,
      prefix: "restart",
      valueBytes: 256,
      keySpace: 2000,
    });
    load.start();
    await load.progress(READY_TIMEOUT_MS);
    isGood = await killAndRestart({ cluster, proxies, load, kills, random: seededRandom(seed) });
    await load.stop();
    isGood = (await judge(cluster, load)) && isGood;
  } finally {
    await cluster.destroy(values.keep || !isGood);
    for (const proxy of proxies) proxy.stop();
  }
}

interface Loop {
  readonly cluster: Cluster;
  /** In the order of the members. */
  readonly proxies: readonly HoldingProxy[];
  readonly load: WriteLoad;
  readonly kills: number;
  readonly random: Random;
}

async function killAndRestart({ cluster, proxies, load, kills, random }: Loop): Promise<boolean> {
  const readyMs: number[] = [];
  const failures: number[] = [];
  let leadersKilled = 0;
  for (let killed = 1; killed <= kills; killed++) {
    await sleep(200 + random.below(800));
    const leader = await cluster.leader();
    const index = random.below(2) === 0 ? cluster.members.indexOf(leader) : random.below(MEMBERS);
    const victim = cluster.member(index);
    if (victim === leader) leadersKilled++;
    for (const proxy of proxies) proxy.takeFailures();
    await victim.kill();
    await sleep(AWAY_MS);
    const startMs = performance.now();
    victim.start();
    await ready(victim);
    readyMs.push(performance.now() - startMs);
    failures.push(proxies[index]?.takeFailures() ?? 0);
    await load.progress(READY_TIMEOUT_MS);
    await compact(victim);
    if (killed % 20 === 0) console.log(`  ${String(killed)} kills, ${String(load.acknowledged)} writes acknowledged`);
  }
  console.log(
    `a leader was killed ${String(leadersKilled)} times; from restart to ready: ${spread(readyMs)} ms; ` +
      `connections to a member that was away, per restart: ${spread(failures)}`,
  );
  const most = Math.max(...failures);
  return verdicts.check(most <= MAX_FAILURES, `no restart saw more than ${String(MAX_FAILURES)}: ${String(most)}`);
}

/** Waits until the member serves. One that hangs writes down where, for whoever reads the files that are kept. */
async function ready(member: ClusterMember): Promise<void> {
  try {
    await member.ready(READY_TIMEOUT_MS);
  } catch (error) {
    if (binary.isKvorum && member.isRunning) {
      process.kill(member.pid, "SIGUSR2");
      await sleep(REPORT_MS);
    }
    throw error;
  }
}

/** Otherwise each restart would read a longer history than the one before. */
async function compact({ client }: ClusterMember): Promise<void> {
  const { header } = await client.status();
  await client.call(KV.method.compact, { revision: header?.revision ?? 0n });
}

async function judge(cluster: Cluster, load: WriteLoad): Promise<boolean> {
  const { acknowledged, lost, wrong } = await load.verify((await cluster.leader()).client);
  const agreement = await hashAgreement(cluster.members);
  const verdict = [
    verdicts.check(
      acknowledged > 0 && lost.length + wrong.length === 0,
      `no acknowledged write was lost: ${String(lost.length)} lost, ${String(wrong.length)} wrong of ${String(acknowledged)}`,
    ),
    verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`),
  ];
  return verdict.every(Boolean);
}

function spread(figures: readonly number[]): string {
  const sorted = figures.toSorted((a, b) => a - b);
  return `median ${(sorted[sorted.length >> 1] ?? 0).toFixed(0)}, most ${(sorted.at(-1) ?? 0).toFixed(0)}`;
}
