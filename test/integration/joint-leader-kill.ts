import { setTimeout as sleep } from "node:timers/promises";
import { Cluster as ClusterService } from "../../server/proto/gen/rpc_pb.js";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { MembershipDriver } from "../support/etcd-membership.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import type { ServerBinary } from "../support/server-binary.ts";
import type { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";
import { WriteLoad } from "../support/write-load.ts";
import { judgeLog, membershipLog } from "./membership-log.ts";

/** What the leader logs when it has entered or left. */
const APPLIED = "applied a configuration change through raft";

/** Members that are frozen cannot be asked whether they take joint changes: they have to have been asked before. */
const VERSIONS_KNOWN_MS = 5000;
/** Asking the frozen ones takes its time. */
const ENTER_TIMEOUT_MS = 20_000;

/**
 * A leader dies in the middle of a joint change. Voters A (leader), B and C, and D to be promoted: C and D are frozen,
 * so that the majority {A, B} of the old voters can commit the enter entry, but no majority of the new voters
 * {A, B, C, D} the leave entry. Then A is killed, C and D are woken, and the next leader has to leave.
 */
export async function killBetweenEnterAndLeave(
  binary: ServerBinary,
  kills: number,
  verdicts: Verdicts,
  keepFiles: boolean,
): Promise<void> {
  const cluster = await Cluster.create({ binary, size: 3 });
  const everybody = new Set(cluster.members);
  let isGood = false;
  try {
    await cluster.start();
    const load = new WriteLoad({
      endpoints: () => cluster.members.map((member) => member.client),
      perSecond: 100,
      prefix: "joint",
      valueBytes: 64,
      attemptTimeoutMs: 250,
      maxInFlight: 1,
    });
    load.start();
    const driver = new MembershipDriver(cluster);
    for (let kill = 1; kill <= kills; kill++) {
      const learner = await driver.addLearner();
      everybody.add(learner);
      await killOnce(cluster, driver, learner, load, verdicts, `kill ${String(kill)}`);
      // Back to three voters for the next time.
      await driver.remove(learner);
      await Promise.race([learner.ended(), sleep(60_000, undefined, { ref: false })]);
      await learner.kill();
    }
    await load.stop();
    const { acknowledged, lost, wrong } = await load.verify((await cluster.leader()).client);
    isGood = verdicts.check(
      lost.length + wrong.length === 0 && acknowledged > 0,
      `leaders killed while joint: none of ${String(acknowledged)} acknowledged writes was lost (${String(lost.length)} lost, ${String(wrong.length)} wrong)`,
    );
    const agreement = await hashAgreement(cluster.members);
    verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`);
    await Promise.all(cluster.members.map((member) => member.stop()));
    judgeLog(membershipLog([...everybody].map((member) => member.dataDir)), true, 2 * kills, verdicts);
  } finally {
    await Promise.all([...everybody].map((member) => member.kill()));
    await cluster.destroy(keepFiles || !isGood);
  }
}

async function killOnce(
  cluster: Cluster,
  driver: MembershipDriver,
  learner: ClusterMember,
  load: WriteLoad,
  verdicts: Verdicts,
  name: string,
): Promise<void> {
  const leader = await cluster.leader();
  const id = await driver.idOf(learner);
  const asleep = [cluster.members.find((member) => member !== leader && member !== learner), learner];
  await untilPromotable(leader, learner);
  const logged = occurrences(leader);
  for (const member of asleep) member?.signal("SIGSTOP");
  const promoted = leader.client
    .call(ClusterService.method.memberPromote, { ID: id }, ENTER_TIMEOUT_MS)
    .catch(() => undefined);
  let isEntered: true | undefined;
  try {
    isEntered = await waitUntil(
      "the leader enters the joint configuration",
      () => (occurrences(leader) > logged ? true : undefined),
      { timeoutMs: ENTER_TIMEOUT_MS, everyMs: 2 },
    ).catch(() => undefined);
    // The leave entry is on its way by now, and cannot be committed.
    await sleep(20);
    await leader.kill();
  } finally {
    for (const member of asleep) member?.signal("SIGCONT");
  }
  await promoted;
  const isStuck = isEntered === true && occurrences(leader) === logged + 1 && isJoint(leader);
  verdicts.check(isStuck, `${name}: the leader was killed after it had entered and before it could leave`);
  const startMs = performance.now();
  await load.progress(60_000);
  const isVoter = await waitUntil(
    "the learner is a voter",
    async () => ((await driver.list()).some((member) => member.ID === id && !member.isLearner) ? true : undefined),
    { timeoutMs: 60_000 },
  ).catch(() => false);
  verdicts.check(
    isVoter,
    `${name}: the next leader left, writes go on ${(performance.now() - startMs).toFixed(0)} ms later`,
  );
  leader.start();
  await leader.ready();
}

/** The learner has what the leader has, or nearly so. */
async function untilPromotable(leader: ClusterMember, learner: ClusterMember): Promise<void> {
  await waitUntil("the learner catches up", async () => {
    const [ours, theirs] = [await leader.client.status(), await learner.client.status()];
    return theirs.raftAppliedIndex >= ours.raftAppliedIndex - 100n ? true : undefined;
  });
  // The leader knows it from the next answer on, and every few seconds it asks what everybody can do.
  await sleep(VERSIONS_KNOWN_MS);
}

function linesAbout(member: ClusterMember): readonly string[] {
  return member
    .lastLog(10_000)
    .split("\n")
    .filter((line) => line.includes(APPLIED));
}

function occurrences(member: ClusterMember): number {
  return linesAbout(member).length;
}

/** Whether the last change that it applied has left it with outgoing voters. */
function isJoint(member: ClusterMember): boolean {
  const fields = JSON.parse(linesAbout(member).at(-1) ?? "{}") as { "voters-outgoing"?: readonly string[] };
  return (fields["voters-outgoing"]?.length ?? 0) > 0;
}
