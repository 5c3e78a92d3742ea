import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type Random } from "../../server/base/prng.ts";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { harnessArguments } from "../support/harness-arguments.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { SERVER_HELP } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";
import { lonePut } from "./lone-put.ts";

const HELP = `npm run crash -- [options]

Three members under steady writes are killed with -9 and restarted: mostly one, sometimes two, sometimes all three at
once. At the end no acknowledged write may be lost and HashKV must be equal everywhere. Then strace shows that the log is
synced between a lone put and its reply (needs strace).

  --kills N       members killed over all (default 200)
  --rate N        writes per second (default 500)
  --seed N        which members die when (default: the time)
  --server NAME   ${SERVER_HELP}
  --tls           members make certificates for clients and peers
  --keep          keep data and logs
`;

const { values, binary } = harnessArguments(HELP, {
  kills: { type: "string", default: "200" },
  rate: { type: "string", default: "500" },
  tls: { type: "boolean", default: false },
});

const MEMBERS = 3;
/** After this a cluster whose members all run must have acknowledged a write. */
const RECOVERY_TIMEOUT_MS = 30_000;
const verdicts = new Verdicts();
await verdicts.conclude(async () => {
  await crash(Number(values.kills), Number(values.rate), Number(values.seed));
  await lonePut(binary, verdicts);
});

async function crash(kills: number, perSecond: number, seed: number): Promise<void> {
  console.log(`${binary.name}: ${String(kills)} kills under ${String(perSecond)} writes/s, --seed ${String(seed)}`);
  const random = seededRandom(seed);
  const cluster = await Cluster.create({ binary, size: MEMBERS, isTls: values.tls });
  let isGood = false;
  try {
    await cluster.start();
    const load = new WriteLoad({
      endpoints: () => cluster.members.map((member) => member.client),
      perSecond,
      prefix: "crash",
      valueBytes: 256,
    });
    load.start();
    await load.progress(RECOVERY_TIMEOUT_MS);
    await killAndRestart(cluster, load, kills, random);
    await load.stop();
    isGood = await judge(cluster, load, perSecond);
  } finally {
    await cluster.destroy(values.keep || !isGood);
  }
}

async function killAndRestart(cluster: Cluster, load: WriteLoad, kills: number, random: Random): Promise<void> {
  const rounds = { one: 0, two: 0, all: 0 };
  const recoveriesMs: number[] = [];
  let leadersKilled = 0;
  let round = 0;
  for (let killed = 0; killed < kills;) {
    await sleep(100 + random.below(700));
    const victims = await choose(cluster, random, Math.min(victimsIn(round++), kills - killed));
    if (victims.leader) leadersKilled++;
    await Promise.all(victims.members.map((member) => member.kill()));
    const count = victims.members.length;
    killed += count;
    rounds[count === 1 ? "one" : count === 2 ? "two" : "all"]++;
    await sleep(random.below(400));
    const startMs = performance.now();
    for (const member of victims.members) {
      member.start();
      // Sometimes one is well ahead of the other.
      if (count > 1 && random.below(2) === 0) await sleep(random.below(300));
    }
    // A member that is one of several may be killed again before it is ready; one alone has to come back.
    await Promise.all(victims.members.map((member) => member.ready(RECOVERY_TIMEOUT_MS)));
    await load.progress(RECOVERY_TIMEOUT_MS);
    recoveriesMs.push(performance.now() - startMs);
    if (recoveriesMs.length % 20 === 0) {
      console.log(`  ${String(killed)} kills, ${String(load.acknowledged)} writes acknowledged`);
    }
  }
  recoveriesMs.sort((a, b) => a - b);
  console.log(
    `killed one ${String(rounds.one)} times, two ${String(rounds.two)} times, all three ${String(rounds.all)} times; ` +
      `a leader ${String(leadersKilled)} times; from restart to ready and writing: ` +
      `median ${(recoveriesMs[recoveriesMs.length >> 1] ?? 0).toFixed(0)} ms, longest ${(recoveriesMs.at(-1) ?? 0).toFixed(0)} ms`,
  );
}

/** Of eight rounds one takes two and one takes all three; the first round of each kind comes early enough for short runs. */
function victimsIn(round: number): number {
  return round % 8 === 3 ? 2 : round % 8 === 6 ? 3 : 1;
}

async function choose(cluster: Cluster, random: Random, count: number) {
  const leader = await cluster.leader(RECOVERY_TIMEOUT_MS);
  const members: ClusterMember[] = [];
  // The leader twice as often as chance would have it.
  if (random.below(2) === 0) members.push(leader);
  while (members.length < count) {
    const member = cluster.member(random.below(MEMBERS));
    if (!members.includes(member)) members.push(member);
  }
  return { members: members.slice(0, count), leader: members.includes(leader) };
}

async function judge(cluster: Cluster, load: WriteLoad, perSecond: number): Promise<boolean> {
  const leader = await cluster.leader(RECOVERY_TIMEOUT_MS);
  const { acknowledged, lost, wrong } = await load.verify(leader.client);
  const agreement = await hashAgreement(cluster.members);
  console.log(
    `${String(acknowledged)} writes acknowledged, ${load.rate.toFixed(0)}/s of ${String(perSecond)}/s over all, outages included; ` +
      `${String(load.failedAttempts)} failed attempts`,
  );
  const verdict = [
    verdicts.check(
      acknowledged > 0 && lost.length === 0,
      `no acknowledged write was lost: ${String(lost.length)} of ${String(acknowledged)} ${sample(lost)}`,
    ),
    verdicts.check(
      wrong.length === 0,
      `each is there as acknowledged: ${String(wrong.length)} differ ${sample(wrong)}`,
    ),
    verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`),
  ];
  return verdict.every(Boolean);
}

function sample(items: readonly string[]): string {
  return items.length === 0 ? "" : `(${items.slice(0, 5).join("; ")}${items.length > 5 ? " …" : ""})`;
}
