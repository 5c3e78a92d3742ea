import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { MembershipDriver } from "../support/etcd-membership.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { SERVER_HELP, serverBinary } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";
import { killBetweenEnterAndLeave } from "./joint-leader-kill.ts";
import { judgeLog, membershipLog } from "./membership-log.ts";

const HELP = `npm run membership -- [options]

A cluster goes 1 → 3 → 5 → 3 → 1 through learners, the leader among those removed, then members are replaced (alone, a
follower, the leader), under the writes of one client that retries over all endpoints. Prints the longest gap between two
acknowledged writes per step, in which a time does not count that the harness itself stood still, and reads the members'
logs: joint changes are entered and left, never two at once. Then a leader is killed between enter and leave, and the next
one leaves.

  --server NAME   ${SERVER_HELP}
  --gap-ms N      the longest gap that is allowed (default 1000; only judged for Kvorum)
  --kills N       leaders killed between enter and leave (default 3)
  --only PART     "steps", "replaces" (the steps from the second 1 → 3 on) or "kills"
  --keep          keep data and logs
`;

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "kvorum" },
    "gap-ms": { type: "string", default: "1000" },
    kills: { type: "string", default: "3" },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** How long a write may hang at one endpoint before the client tries the next. */
const ATTEMPT_TIMEOUT_MS = 250;
const WRITES_PER_SECOND = 200;
/** After each step, so that what it causes later counts for it. */
const AFTER_STEP_MS = 1500;
const REMOVED_ENDS_MS = 60_000;

const verdicts = new Verdicts();
const binary = serverBinary(values.server);
async function changesUnderLoad(): Promise<void> {
  const cluster = await Cluster.create({ binary, size: 1 });
  const everybody = new Set(cluster.members);
  let isGood = false;
  try {
    await cluster.start();
    const load = new WriteLoad({
      endpoints: () => cluster.members.map((member) => member.client),
      perSecond: WRITES_PER_SECOND,
      prefix: "membership",
      valueBytes: 256,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      maxInFlight: 1,
    });
    load.start();
    const voterChanges = await new Steps(cluster, load, everybody).all();
    await load.stop();
    isGood = await judge(cluster, load);
    await Promise.all(cluster.members.map((member) => member.stop()));
    judgeLog(membershipLog([...everybody].map((member) => member.dataDir)), binary.isKvorum, voterChanges, verdicts);
  } finally {
    await Promise.all([...everybody].map((member) => member.kill()));
    await cluster.destroy(values.keep || !isGood);
  }
}

async function judge(cluster: Cluster, load: WriteLoad): Promise<boolean> {
  const leader = await cluster.leader();
  const { acknowledged, lost, wrong } = await load.verify(leader.client);
  const agreement = await hashAgreement(cluster.members);
  console.log(`${String(acknowledged)} writes acknowledged, ${String(load.failedAttempts)} failed attempts`);
  const isLossless = verdicts.check(
    acknowledged > 0 && lost.length === 0 && wrong.length === 0,
    `no acknowledged write was lost: ${String(lost.length)} lost, ${String(wrong.length)} wrong of ${String(acknowledged)}`,
  );
  return verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`) && isLossless;
}

/** The way of the cluster, step by step. */
class Steps {
  readonly #cluster: Cluster;
  readonly #load: WriteLoad;
  readonly #everybody: Set<ClusterMember>;
  readonly #driver: MembershipDriver;
  #voterChanges = 0;

  constructor(cluster: Cluster, load: WriteLoad, everybody: Set<ClusterMember>) {
    this.#cluster = cluster;
    this.#load = load;
    this.#everybody = everybody;
    this.#driver = new MembershipDriver(cluster);
  }

  /** All of them; says how many changes of voters were made. */
  async all(): Promise<number> {
    await this.#load.progress(60_000);
    this.#load.takeLongestGapMs();
    if (values.only !== "replaces") await this.#upAndDown();
    if (binary.isKvorum) await this.#replaces();
    return this.#voterChanges;
  }

  async #upAndDown(): Promise<void> {
    await this.#grow("1 → 3");
    await this.#grow("3 → 5");
    await this.#step("5 → 4, the leader is removed", () => this.#removeLeader());
    await this.#step("4 → 3, a follower is removed", () => this.#removeFollower());
    await this.#step("3 → 2, the leader is removed", () => this.#removeLeader());
    await this.#step("2 → 1, the leader is removed", () => this.#removeLeader());
    if (binary.isKvorum) {
      await this.#step("the lone member is replaced", async () => this.#replace(await this.#cluster.leader()));
    }
  }

  async #replaces(): Promise<void> {
    await this.#grow("1 → 3 again");
    await this.#step("a follower is replaced", async () => this.#replace(await this.#follower()));
    await this.#step("the leader is replaced", async () => this.#replace(await this.#cluster.leader()));
    await this.#step("one that died is replaced at the same URL", () => this.#replaceDead());
  }

  /** As an operator does it with a pod that lost its disk: the successor has the peer URL of the dead. */
  async #replaceDead(): Promise<void> {
    const dead = await this.#follower();
    await dead.kill();
    this.#everybody.add(await this.#driver.replace(dead, true));
    this.#voterChanges++;
  }

  async #grow(name: string): Promise<void> {
    for (const place of ["first", "second"]) {
      await this.#step(`${name}, ${place} learner added and promoted`, async () => {
        const learner = await this.#driver.addLearner();
        this.#everybody.add(learner);
        await this.#driver.promote(learner);
        this.#voterChanges++;
      });
    }
  }

  async #removeLeader(): Promise<void> {
    await this.#remove(await this.#cluster.leader());
  }

  async #removeFollower(): Promise<void> {
    await this.#remove(await this.#follower());
  }

  async #follower(): Promise<ClusterMember> {
    const leader = await this.#cluster.leader();
    const follower = this.#cluster.members.find((member) => member !== leader);
    if (!follower) throw new Error("there is no follower");
    return follower;
  }

  async #remove(member: ClusterMember): Promise<void> {
    await this.#driver.remove(member);
    this.#voterChanges++;
    await this.#endsByItself(member);
  }

  async #replace(member: ClusterMember): Promise<void> {
    this.#everybody.add(await this.#driver.replace(member));
    this.#voterChanges++;
    await this.#endsByItself(member);
  }

  async #endsByItself(member: ClusterMember): Promise<void> {
    await Promise.race([member.ended(), sleep(REMOVED_ENDS_MS, undefined, { ref: false })]);
    if (member.isRunning) verdicts.check(false, `${member.name}, removed, ends by itself`);
    await member.kill();
  }

  async #step(name: string, change: () => Promise<void>): Promise<void> {
    const startMs = performance.now();
    await change();
    const tookMs = performance.now() - startMs;
    await sleep(AFTER_STEP_MS);
    const gapMs = this.#load.takeLongestGapMs();
    const text = `${name}: longest gap ${gapMs.toFixed(0)} ms, took ${(tookMs / 1000).toFixed(1)} s`;
    if (binary.isKvorum) verdicts.check(gapMs <= Number(values["gap-ms"]), text);
    else console.log(`     ${text}`);
  }
}

await verdicts.conclude(async () => {
  if (values.only !== "kills") await changesUnderLoad();
  if (values.only === "steps" || values.only === "replaces") return;
  if (binary.isKvorum) await killBetweenEnterAndLeave(binary, Number(values.kills), verdicts, values.keep);
  else console.log("real etcd has no joint changes: no leader is killed between enter and leave");
});
