import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hexId } from "../../server/base/ids.ts";
import type { MemberStep } from "../../server/cli/member-run.ts";
import type { IdentityAnswer } from "../../server/cli/member-standing.ts";
import { permitFrom } from "../../server/node/permit.ts";
import { permittedMember } from "../../server/node/permitted-member.ts";
import { bytes } from "../support/etcd-client.ts";
import { HandOperator } from "../support/hand-operator.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { kvorumTool } from "../support/kvorum-tool.ts";
import { PermitSigner, type PermitFields } from "../support/permit-signer.ts";
import { kvorumCommand, Pod, type PodCluster } from "../support/pod.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";

const HELP = `node test/integration/permits.ts [options]

Pods that run "kvorum member" as processes on loopback, and an operator by hand: a seed is founded, two join, disks are
lost, wiped, swapped and restored, permits are replayed and forged, members are removed, quorum is lost, and processes die
by kill -9 between any two steps of a start. There is never a second cluster, and never an old id on an empty disk.

  --server NAME   kvorum (dist/bin/kvorum, the default), source (unbuilt), or a path
  --only PART     "life", "kills" or "restore"
  --keep          keep data and logs
`;

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "kvorum" },
    only: { type: "string" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const KEYS = 300;
const STEPS: readonly MemberStep[] = ["permit-accepted", "granted", "log-written", "started"];
const SNAPSHOT = join(import.meta.dirname, "../conformance/golden/snapshots/keys100.db");

const verdicts = new Verdicts();

/** An EtcdCluster: its pods, its operator, its folder. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), "kvorum-permits-"));
  readonly pods = new Map<string, Pod>();
  readonly operator: HandOperator;
  readonly cluster: PodCluster;

  constructor(clusterUid: string) {
    this.operator = new HandOperator(clusterUid, () => [...this.pods.values()].filter((pod) => pod.server.isRunning));
    this.cluster = {
      clusterUid,
      publicKey: this.operator.signer.publicKey,
      folder: this.folder,
      command: kvorumCommand(values.server),
    };
  }

  async pod(name: string, uid = `${name}-uid-1`): Promise<Pod> {
    return this.put(await Pod.create(this.cluster, name, uid));
  }

  /** The pod that has the name from now on. */
  put(pod: Pod): Pod {
    this.pods.set(pod.name, pod);
    return pod;
  }

  get running(): readonly Pod[] {
    return [...this.pods.values()].filter((pod) => pod.server.isRunning);
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.pods.values()].map((pod) => pod.server.kill()));
    if (values.keep) console.log(`files are kept in ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true });
  }
}

async function inWorld(clusterUid: string, run: (world: World) => Promise<void>): Promise<void> {
  const world = new World(clusterUid);
  try {
    await run(world);
  } finally {
    await world.destroy();
  }
}

/** Offers a permit that has to be refused with a status and a part of a sentence. */
async function refused(pod: Pod, what: string, body: string, status: number, sentence: string): Promise<void> {
  const answer = await pod.permit(body);
  verdicts.check(
    answer.status === status && answer.error.includes(sentence),
    `${what} is refused (${String(answer.status)}): ${answer.error}`,
  );
}

async function write(world: World, prefix: string): Promise<void> {
  for (let i = 0; i < KEYS; i++) {
    const key = `${prefix}/${String(i)}`;
    await world.operator.anywhere("a write", (client) => client.put(key, key, 2000));
  }
}

async function hasKeys(pod: Pod, prefix: string): Promise<boolean> {
  const { count } = await pod.server.client.range(
    { key: bytes(`${prefix}/`), rangeEnd: bytes(`${prefix}0`), countOnly: true },
    10_000,
  );
  return count === BigInt(KEYS);
}

async function agree(world: World, when: string): Promise<void> {
  const agreement = await hashAgreement(world.running.map((pod) => pod.server));
  verdicts.check(agreement.isEqual, `${when}: data are equal everywhere, ${hashText(agreement)}`);
}

// ---- a cluster's life

async function life(world: World): Promise<void> {
  const { operator } = world;
  const seed = await (await world.pod("x-0")).start();
  await waiting(world, seed);
  await founded(world, seed);
  for (const name of ["x-1", "x-2"]) await operator.join(await (await world.pod(name)).start());
  await write(world, "a");
  const voters = (await operator.members()).filter(({ isLearner }) => !isLearner);
  verdicts.check(voters.length === 3, "seed and two joins: three voters");
  await agree(world, "after two joins");
  await comesBack(world);
  await losesQuorum(world);
  await wipedDisk(world);
  await lostLog(world);
  await foreignVolume(world);
  await removed(world);
}

async function waiting(world: World, seed: Pod): Promise<void> {
  const identity = await seed.identity();
  verdicts.check(
    identity.phase === "Waiting" && identity.volume === "Empty" && identity.podUid === seed.uid,
    `a fresh pod waits: ${JSON.stringify(identity)}`,
  );
  const [live, ready, health, version] = await Promise.all(
    ["/livez", "/readyz", "/health", "/version"].map((path) => seed.probe(path)),
  );
  verdicts.check(
    live?.status === 200 && ready?.status === 503 && health?.status === 503 && version?.status === 200,
    `it is alive and not ready: ${ready?.text.trim().split("\n").at(-1) ?? ""}`,
  );
  const stream = await fetch(`${seed.server.listenPeerUrl}/raft/stream/message/1`);
  verdicts.check(stream.status === 503, "its peers are told that no member runs there");
  // Otherwise its deadline would end the call.
  const call = await seed.server.client.status(30_000).then(
    () => "answered",
    (error: unknown) => String(error),
  );
  verdicts.check(
    call.includes("UNAVAILABLE"),
    "a gRPC client is hung up on at once, so that it tries another endpoint",
  );
  await refusals(world, seed);
  verdicts.check(
    readdirSync(seed.server.dataDir).join(",") === "lock" && (await seed.identity()).volume === "Empty",
    "what was refused has left nothing in the volume",
  );
  await seed.server.stop();
  verdicts.check(seed.server.exit === 0, `SIGTERM ends the waiting with status ${String(seed.server.exit)}`);
  await seed.start();
}

async function refusals(world: World, seed: Pod): Promise<void> {
  const { operator, cluster } = world;
  const { signer } = operator;
  const sign = (change: PermitFields): string => signer.sign(operator.newPermit(seed, change));
  const forged = new PermitSigner().sign(operator.newPermit(seed));
  await refused(seed, "a permit signed by another key", forged, 403, "signature is not the operator's");
  const { payload, signature } = JSON.parse(sign({})) as { payload: string; signature: string };
  const changed = Buffer.from(Buffer.from(payload, "base64").toString().replace(seed.uid, "other")).toString("base64");
  await refused(seed, "a changed permit", JSON.stringify({ payload: changed, signature }), 403, "signature");
  await refused(seed, "what is no JSON", "{", 400, "not JSON");
  await refused(seed, "64 KiB and more", " ".repeat(64 * 1024 + 1), 413, "at most 65536 bytes");
  await refused(seed, "a permit without mode", sign({ mode: undefined }), 400, "New, Join or Restore");
  await refused(
    seed,
    "another cluster's permit",
    sign({ clusterUid: "other" }),
    409,
    `belongs to ${cluster.clusterUid}`,
  );
  await refused(seed, "another pod's permit", sign({ podName: "x-9" }), 409, "this is x-0");
  await refused(seed, "a permit for an earlier pod", sign({ podUid: "old" }), 409, "has UID x-0-uid-1");
  await refused(seed, "a permit with another token", sign({ token: "t" }), 409, "it has to be the cluster's UID");
  const two = [
    { name: "x-0", peerUrls: [seed.server.peerUrl] },
    { name: "x-1", peerUrls: ["http://x-1:2380"] },
  ];
  await refused(seed, "a New permit for two members", sign({ initialCluster: two }), 409, "is for one member");
  await refused(seed, "a Restore permit", sign({ mode: "Restore" }), 409, "holds no restored data");
  const old = { issuedAt: new Date(Date.now() - 16 * 60 * 1000).toISOString() };
  await refused(seed, "a permit that somebody has kept", sign(old), 409, "it counts for 15 minutes");
  const alone = { mode: "Join", memberId: "1", etcdClusterId: "2" };
  await refused(seed, "a Join permit that names nobody else", sign(alone), 409, "the members that run");
  const get = await fetch(`${seed.server.listenPeerUrl}/kvorum/v1/permit`);
  verdicts.check(get.status === 405, `GET of the permit is refused (${String(get.status)})`);
}

async function founded(world: World, seed: Pod): Promise<void> {
  const { operator } = world;
  const permit = operator.newPermit(seed);
  // Which of the two arrives first is the network's affair.
  const answers = await Promise.all([operator.offer(seed, permit), operator.offer(seed, permit)]);
  const isOnce =
    answers.some(({ status }) => status === 200) &&
    answers.every(({ status, error }) => status === 200 || error.includes("has been used"));
  verdicts.check(isOnce, "a New permit is taken, also if it is sent twice at once");
  const identity = await seed.reaches("Running");
  const [member, ...others] = await operator.members();
  verdicts.check(
    others.length === 0 && identity.volume === "Owned" && identity.memberId === hexId(member?.ID ?? 0n),
    `it founds a cluster: ${JSON.stringify(identity)}`,
  );
  verdicts.check(
    (await seed.probe("/livez")).status === 200 && (await seed.probe("/readyz")).status === 200,
    "it is alive and ready",
  );
  await refused(seed, "the same permit once more", operator.signer.sign(permit), 409, "the permit has been used");
  const next = operator.signer.sign(operator.newPermit(seed));
  await refused(seed, "a second New permit", next, 409, "which needs no permit");
}

/** A pod that is recreated is the same member; its leader hands over before it ends. */
async function comesBack(world: World): Promise<void> {
  const leader = await leaderOf(world);
  const before = await leader.identity();
  const startMs = performance.now();
  await leader.server.stop();
  verdicts.check(leader.server.exit === 0, `SIGTERM ends a leader with status ${String(leader.server.exit)}`);
  verdicts.check(handedOver(leader, before.memberId), "it has seen another leader elected before it ended");
  await leaderOf(world);
  console.log(`     stop and a new leader: ${(performance.now() - startMs).toFixed(0)} ms`);
  const next = world.put(leader.recreated({ uid: `${leader.name}-uid-2` }));
  await next.start();
  const after = await next.reaches("Running");
  verdicts.check(
    after.memberId === before.memberId && after.podUid === next.uid,
    "a pod with a new UID and the old volume serves at once, as the same member",
  );
  await agree(world, "after it came back");
}

async function losesQuorum(world: World): Promise<void> {
  const [first, second, third] = [...world.pods.values()];
  if (!first || !second || !third) throw new Error("three pods are there");
  await Promise.all([second.server.kill(), third.server.kill()]);
  await waitUntil("x-0 notices", async () => ((await first.probe("/readyz")).status === 503 ? true : undefined));
  verdicts.check((await first.probe("/livez")).status === 200, "without quorum a member is alive and not ready");
  await first.server.kill();
  await first.start();
  const identity = await first.reaches("Starting");
  const [live, ready] = [await first.probe("/livez"), await first.probe("/readyz")];
  verdicts.check(
    live.status === 200 && ready.status === 503,
    `restarted without quorum it is alive and not ready: ${JSON.stringify(identity)}`,
  );
  await Promise.all([second.start(), third.start()]);
  for (const pod of [first, second, third]) await pod.reaches("Running");
  await agree(world, "with quorum again");
}

/** The disk of x-2 is empty: its old id must not come back, by no permit. */
async function wipedDisk(world: World): Promise<void> {
  const { operator } = world;
  const pod = mustPod(world, "x-2");
  const old = BigInt(`0x${(await pod.identity()).memberId ?? "0"}`);
  await pod.server.kill();
  rmSync(pod.server.dataDir, { recursive: true });
  await pod.start();
  verdicts.check((await pod.identity()).volume === "Empty", "a wiped disk is Empty, and the member waits");
  const replayed = await operator.joinPermit(pod, old);
  const { status } = await operator.offer(pod, replayed);
  const stuck = await pod.reaches("Waiting");
  verdicts.check(
    status === 200 && stuck.volume === "Granted" && (stuck.message ?? "").includes("has run before"),
    `a permit under the old id leads to no start: ${stuck.message ?? ""}`,
  );
  const id = await operator.startReplace(pod, old);
  const fresh = world.put(pod.recreated({ uid: "x-2-uid-2" }));
  await pod.server.kill();
  await fresh.start();
  const granted = await fresh.identity();
  verdicts.check(
    granted.phase === "Waiting" && granted.volume === "Granted",
    `another pod waits: ${granted.message ?? ""}`,
  );
  const wrongId = operator.signer.sign(await operator.joinPermit(fresh, old));
  verdicts.check(
    (await fresh.permit(wrongId)).status === 200,
    "a permit under the old id, while the learner has its URL, is tried",
  );
  const starting = await waitUntil("it says why", async () => {
    const now = await fresh.identity();
    return (now.message ?? "").includes("start it as that one") ? now : undefined;
  });
  verdicts.check(starting.volume === "Granted", `and fails: ${starting.message ?? ""}`);
  const third = world.put(fresh.recreated({ uid: "x-2-uid-3" }));
  await fresh.server.kill();
  await third.start();
  const offered = await operator.offer(third, await operator.joinPermit(third, id));
  verdicts.check(offered.status === 200, "a Join permit for the learner that takes its place is taken");
  const running = await third.reaches("Running");
  await operator.finishReplace(third, old);
  const ids = (await operator.members()).map(({ ID }) => ID);
  verdicts.check(
    running.memberId === hexId(id) && ids.includes(id) && !ids.includes(old) && ids.length === 3,
    `it has taken the place of ${hexId(old)} as ${hexId(id)}`,
  );
  verdicts.check(await hasKeys(third, "a"), "it has all the data");
  await agree(world, "after the disk was replaced");
}

/** The log of x-1 is gone, and its owner file says that there was one. */
async function lostLog(world: World): Promise<void> {
  const { operator } = world;
  const { signer } = operator;
  const pod = mustPod(world, "x-1");
  const old = BigInt(`0x${(await pod.identity()).memberId ?? "0"}`);
  await pod.server.kill();
  rmSync(join(pod.server.dataDir, "member"), { recursive: true });
  await pod.start();
  const lost = await pod.identity();
  verdicts.check(
    lost.phase === "Waiting" && lost.volume === "Lost" && lost.memberId === hexId(old),
    `lost data are not started without: ${lost.message ?? ""}`,
  );
  const owner = JSON.parse(readFileSync(join(pod.server.dataDir, "owner.json"), "utf8")) as { permit: PermitFields };
  await refused(pod, "the permit that it had", signer.sign(owner.permit), 409, "the permit has been used");
  await refused(pod, "a New permit", signer.sign(operator.newPermit(pod)), 409, "would make a second cluster");
  const oldId = signer.sign(await operator.joinPermit(pod, old));
  await refused(pod, "a Join permit under the old id", oldId, 409, "must not come back without it");
  const elsewhere = signer.sign(await operator.joinPermit(pod, old + 1n, { etcdClusterId: "1" }));
  await refused(pod, "a Join permit for another cluster", elsewhere, 409, "is for another cluster");
  const id = await operator.startReplace(pod, old);
  const offered = await operator.offer(pod, await operator.joinPermit(pod, id));
  await pod.reaches("Running");
  await operator.finishReplace(pod, old);
  verdicts.check(offered.status === 200, `under a new id it joins: ${hexId(old)} is now ${hexId(id)}`);
  await agree(world, "after the lost log was replaced");
}

async function foreignVolume(world: World): Promise<void> {
  const pod = mustPod(world, "x-2");
  await pod.server.stop();
  const before = filesIn(pod.server.dataDir);
  const otherCluster = { ...world.cluster, clusterUid: "other-uid" };
  const cases: readonly (readonly [what: string, pod: Pod, sentence: string])[] = [
    ["another pod", pod.recreated({ name: "x-7", uid: "x-7-uid" }), "belongs to pod x-2"],
    ["a pod of another cluster", pod.recreated({ cluster: otherCluster, uid: "y" }), "of cluster life-uid"],
  ];
  for (const [what, other, sentence] of cases) {
    world.put(other);
    await other.start();
    const { phase, volume, message = "" } = await other.identity();
    verdicts.check(
      phase === "Waiting" && volume === "Foreign" && message.includes(sentence),
      `${what} does not touch the volume: ${message}`,
    );
    const permit = new HandOperator(other === cases[1]?.[1] ? "other-uid" : "life-uid", () => []).newPermit(other);
    await refused(other, "a permit there", world.operator.signer.sign(permit), 409, "nothing in it is touched");
    await other.server.stop();
    world.pods.delete("x-7");
    world.put(pod);
  }
  verdicts.check(filesIn(pod.server.dataDir) === before, "the volume is as it was");
  const orphan = await world.pod("x-5");
  cpSync(join(pod.server.dataDir, "member"), join(orphan.server.dataDir, "member"), { recursive: true });
  await orphan.start();
  const { volume, message = "" } = await orphan.identity();
  verdicts.check(volume === "Foreign" && message.includes("no owner.json"), `data without an owner file: ${message}`);
  await orphan.server.kill();
  world.pods.delete("x-5");
  await pod.start();
  await pod.reaches("Running");
}

async function removed(world: World): Promise<void> {
  const { operator } = world;
  const pod = mustPod(world, "x-1");
  const id = BigInt(`0x${(await pod.identity()).memberId ?? "0"}`);
  await operator.remove(id);
  for (const when of ["at once", "after a restart"]) {
    const identity = await pod.reaches("Waiting");
    const [live, ready, metrics] = [await pod.probe("/livez"), await pod.probe("/readyz"), await pod.probe("/metrics")];
    verdicts.check(
      identity.volume === "Owned" && identity.memberId === hexId(id) && live.status === 200 && ready.status === 503,
      `a removed member says so and stays alive, ${when}: ${identity.message ?? ""}`,
    );
    verdicts.check(metrics.status === 200, "its metrics can be read");
    const permit = operator.signer.sign(operator.newPermit(pod));
    await refused(pod, "a New permit", permit, 409, "was removed from the cluster");
    await pod.server.kill();
    await pod.start();
  }
  await pod.reaches("Waiting");
  await pod.server.stop();
  verdicts.check(pod.server.exit === 0, "SIGTERM ends it with status 0");
  world.pods.delete("x-1");
  await agree(world, "without the removed member");
}

// ---- kill -9 between any two steps of a start

async function kills(world: World): Promise<void> {
  const { operator } = world;
  let seed = await world.pod("x-0");
  for (const step of STEPS) seed = await killedSeed(world, step);
  await write(world, "k");
  const clusterId = (await seed.identity()).etcdClusterId;
  for (const step of STEPS) await killedJoin(world, step);
  await replacedAtGranted(world);
  const ids = new Set((await Promise.all(world.running.map((pod) => pod.identity()))).map((now) => now.etcdClusterId));
  verdicts.check(ids.size === 1 && ids.has(clusterId), `there is one cluster, ${String(clusterId)}`);
  verdicts.check((await operator.members()).length === 1, "and its members are those that were added");
}

/** A seed on a fresh volume that dies at a step; what starts afterwards is the member that it was to be. */
async function killedSeed(world: World, step: MemberStep): Promise<Pod> {
  const { operator } = world;
  const before = world.pods.get("x-0");
  await before?.server.kill();
  rmSync(join(world.folder, "x-0", "data"), { recursive: true, force: true });
  const pod = await world.pod("x-0");
  const dying = await pod.recreated({ killAt: step }).start();
  const permit = operator.newPermit(pod);
  await operator.offer(dying, permit).catch(() => undefined);
  await dying.server.ended();
  await pod.start();
  const first = await pod.identity();
  if (step === "permit-accepted") {
    verdicts.check(first.volume === "Empty", `killed at ${step}: the volume is Empty, nothing was taken`);
    await operator.offer(pod, permit);
  }
  const running = await pod.reaches("Running");
  const [member, ...others] = await operator.members();
  verdicts.check(
    dying.server.exit === "SIGKILL" && others.length === 0 && isAsPermitted(running, permit, member?.ID),
    `seed killed at ${step}: it is the member that it was to be, ${String(running.memberId)}`,
  );
  return pod;
}

async function killedJoin(world: World, step: MemberStep): Promise<void> {
  const { operator } = world;
  const pod = await world.pod(`x-${String(STEPS.indexOf(step) + 1)}`);
  const dying = await pod.recreated({ killAt: step }).start();
  const id = await operator.addLearner(pod);
  const permit = await operator.joinPermit(pod, id);
  await operator.offer(dying, permit).catch(() => undefined);
  await dying.server.ended();
  await pod.start();
  if (step === "permit-accepted") await operator.offer(pod, permit);
  const running = await pod.reaches("Running");
  verdicts.check(
    dying.server.exit === "SIGKILL" && running.memberId === hexId(id) && (await hasKeysSoon(pod, "k")),
    `learner killed at ${step}: it joins as ${hexId(id)} and has the data`,
  );
  await operator.remove(id);
  await pod.reaches("Waiting");
  await pod.server.kill();
  world.pods.delete(pod.name);
}

/** The pod is gone, with a permit in its volume that nobody has heard of: the next pod gets one of its own. */
async function replacedAtGranted(world: World): Promise<void> {
  const { operator } = world;
  const first = await world.pod("x-9");
  const dying = await first.recreated({ killAt: "log-written" }).start();
  const id = await operator.addLearner(first);
  await operator.offer(dying, await operator.joinPermit(first, id)).catch(() => undefined);
  await dying.server.ended();
  const next = world.put(first.recreated({ uid: "x-9-uid-2" }));
  await next.start();
  const waits = await next.identity();
  verdicts.check(
    waits.phase === "Waiting" && waits.volume === "Granted" && existsSync(join(next.server.dataDir, "member/wal")),
    `a log that nobody has heard of is not started by another pod: ${waits.message ?? ""}`,
  );
  await operator.offer(next, await operator.joinPermit(next, id));
  const running = await next.reaches("Running");
  verdicts.check(running.memberId === hexId(id), "with a permit of its own it joins as that learner");
  await operator.remove(id);
  await next.reaches("Waiting");
  await next.server.kill();
  world.pods.delete(next.name);
}

// ---- restore

async function restore(world: World): Promise<void> {
  const { operator } = world;
  const pod = await world.pod("x-0");
  const marker = restoreInto(pod, "restore-uid", "another-uid");
  await pod.start();
  const foreign = await pod.identity();
  verdicts.check(foreign.volume === "Foreign", `data restored for another cluster: ${foreign.message ?? ""}`);
  await pod.server.kill();
  writeFileSync(marker, JSON.stringify({ clusterUid: "restore-uid", backup: "nightly" }));
  await pod.start();
  const waits = await pod.identity();
  verdicts.check(waits.volume === "Empty", `restored data wait: ${waits.message ?? ""}`);
  const founding = operator.signer.sign(operator.newPermit(pod));
  await refused(pod, "a New permit on restored data", founding, 409, "which a New permit would throw away");
  const dying = pod.recreated({ killAt: "granted" });
  await pod.server.kill();
  await dying.start();
  await operator.offer(dying, operator.newPermit(pod, { mode: "Restore" })).catch(() => undefined);
  await dying.server.ended();
  await pod.start();
  await pod.reaches("Running");
  const { count } = await pod.server.client.range({ key: bytes("\0"), rangeEnd: bytes("\0"), countOnly: true });
  verdicts.check(count > 0n, `a Restore permit, killed at granted, starts them: ${String(count)} keys`);
  const joined = await (await world.pod("x-1")).start();
  await operator.join(joined);
  await agree(world, "restored, and one joined");
  await otherMembersLog(world);
}

/** A restore that was made with another name: the log is not the member's that the permit means. */
async function otherMembersLog(world: World): Promise<void> {
  const pod = await world.pod("x-4");
  restoreInto(pod, "some-other-token", "restore-uid");
  await pod.start();
  await world.operator.offer(pod, world.operator.newPermit(pod, { mode: "Restore" }));
  const waits = await pod.reaches("Waiting");
  verdicts.check(
    waits.volume === "Granted" && (waits.message ?? "").includes("the log in the volume is that of member"),
    `data restored under another token are not started: ${waits.message ?? ""}`,
  );
}

/** As the step before the member does it: beside first, then the marker, then the data by one rename. */
function restoreInto(pod: Pod, token: string, clusterUid: string): string {
  const { dataDir, peerUrl } = pod.server;
  const beside = join(dataDir, "restoring");
  const own = ["--name", pod.name, "--initial-advertise-peer-urls", peerUrl];
  const cluster = ["--initial-cluster", `${pod.name}=${peerUrl}`, "--initial-cluster-token", token];
  const { status, stderr } = kvorumTool(
    "etcdutl",
    "snapshot",
    "restore",
    SNAPSHOT,
    "--data-dir",
    beside,
    ...own,
    ...cluster,
  );
  if (status !== 0) throw new Error(stderr);
  const marker = join(dataDir, "restored.json");
  writeFileSync(marker, JSON.stringify({ clusterUid, backup: "nightly" }));
  renameSync(join(beside, "member"), join(dataDir, "member"));
  return marker;
}

// ---- small things

function isAsPermitted(identity: IdentityAnswer, permit: PermitFields, listed: bigint | undefined): boolean {
  const { selfId, clusterId } = permittedMember(permitFrom(permit));
  return listed === selfId && identity.memberId === hexId(selfId) && identity.etcdClusterId === hexId(clusterId);
}

/** Whether the log of a pod that was told to stop shows another leader after that. */
function handedOver(pod: Pod, memberId: string | undefined): boolean {
  const lines = readFileSync(pod.server.logPath, "utf8").trimEnd().split("\n");
  const after = lines.slice(lines.findLastIndex((line) => line.includes("received signal")));
  return after.some((line) => {
    const { msg, leader } = JSON.parse(line) as { readonly msg: string; readonly leader?: string };
    return msg === "elected leader" && leader !== memberId;
  });
}

function mustPod(world: World, name: string): Pod {
  const pod = world.pods.get(name);
  if (!pod) throw new Error(`there is no ${name}`);
  return pod;
}

function leaderOf(world: World): Promise<Pod> {
  return waitUntil("there is a leader", async () => {
    for (const pod of world.running) {
      const status = await pod.server.client.status(1000).catch(() => undefined);
      if (status?.header && status.leader !== 0n && status.leader === status.header.memberId) return pod;
    }
    return undefined;
  });
}

async function hasKeysSoon(pod: Pod, prefix: string): Promise<boolean> {
  // A learner serves its own state only.
  const request = { key: bytes(`${prefix}/`), rangeEnd: bytes(`${prefix}0`), countOnly: true, serializable: true };
  return waitUntil(`${pod.name} has the keys`, async () => {
    const { count } = await pod.server.client.range(request);
    return count === BigInt(KEYS) ? true : undefined;
  });
}

function filesIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !name.startsWith("lock"))
    .toSorted()
    .join("\n");
}

function isWanted(part: string): boolean {
  return values.only === undefined || values.only === part;
}

await verdicts.conclude(async () => {
  if (isWanted("life")) await inWorld("life-uid", life);
  if (isWanted("kills")) await inWorld("kills-uid", kills);
  if (isWanted("restore")) await inWorld("restore-uid", restore);
});
