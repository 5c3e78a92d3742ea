import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { Cluster, type ClusterMember } from "../support/cluster.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { SERVER_HELP, serverBinary } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";

const HELP = `npm run full-disk -- [options]

A member whose data dir is a small file system of its own (tmpfs, so this needs root) runs until its disk is full: alone, as
one of three, and as a follower that is sent a snapshot which does not fit. Each time it must end with one clear line and exit
code 1, also when it is started again on the full disk; the others go on; once there is room it starts, and nothing that was
acknowledged is lost.

  --server NAME   ${SERVER_HELP}
  --keep          keep data and logs
`;

const { values } = parseArgs({
  options: {
    server: { type: "string", default: "kvorum" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const MIB = 1024 * 1024;
const SMALL_MIB = 40;
const LARGE_MIB = 1024;
const VALUE_BYTES = 16 * 1024;
const PER_SECOND = 400;
const FULL_TIMEOUT_MS = 120_000;
const STEP_TIMEOUT_MS = 30_000;
/** So that a follower that was away is sent the database. */
const SHORT_LOG = ["--snapshot-count=100", "--snapshot-catchup-entries=100"];

const verdicts = new Verdicts();
const binary = serverBinary(values.server);
/** Data dirs that are mounted. */
const mounted = new Set<string>();
process.on("exit", unmountAll);

await verdicts.conclude(async () => {
  if (process.getuid?.() !== 0) throw new Error("a small file system has to be mounted: run this as root");
  await fills("alone", 1);
  await fills("one of three", 3);
  await snapshotDoesNotFit();
});

/** The last member of a cluster writes until its disk is full. */
async function fills(what: string, size: number): Promise<void> {
  await withCluster(size, [], async (cluster) => {
    const victim = cluster.member(size - 1);
    mount(victim);
    await cluster.start();
    const load = await startLoad(cluster, what);
    const isEnded = await endsWithin(victim, FULL_TIMEOUT_MS);
    verdicts.check(isEnded, `${what}: the member ends when its disk is full`);
    judgeEnd(victim, what);
    if (size > 1) {
      await load.progress(STEP_TIMEOUT_MS);
      verdicts.check(true, `${what}: the other members go on`);
    }
    await load.stop(2000);
    await startsOnlyWithRoom(victim, what);
    await judgeData(cluster, load, what);
  });
}

/** A follower comes back to a disk on which the state that it has missed has no room. */
async function snapshotDoesNotFit(): Promise<void> {
  const what = "a snapshot that does not fit";
  await withCluster(3, SHORT_LOG, async (cluster) => {
    const victim = cluster.member(2);
    mount(victim);
    await cluster.start();
    await victim.kill();
    const load = await startLoad(cluster, what);
    while (load.acknowledged * VALUE_BYTES < 2 * SMALL_MIB * MIB) await load.progress(STEP_TIMEOUT_MS);
    await load.stop();
    victim.start();
    verdicts.check(await endsWithin(victim, FULL_TIMEOUT_MS), `${what}: the member ends`);
    judgeEnd(victim, what);
    await startsOnlyWithRoom(victim, what);
    await judgeData(cluster, load, what);
  });
}

/** One clear line at the end of the log, and exit code 1. */
function judgeEnd(member: ClusterMember, what: string): void {
  const last = member.lastLog(1);
  const { level, msg = "" } = parse(last);
  const isClear = level === "error" && msg.includes(member.dataDir) && msg.includes("make room");
  verdicts.check(isClear, `${what}: the last line names the file and says what to do: ${msg || last}`);
  verdicts.check(member.exit === 1, `${what}: exit code ${String(member.exit)}`);
}

/** Started again it ends again as long as the disk is full (unless it finds room by tidying up), and serves once there is room. */
async function startsOnlyWithRoom(member: ClusterMember, what: string): Promise<void> {
  member.start();
  if (await endsWithin(member, STEP_TIMEOUT_MS)) judgeEnd(member, `${what}, started on the full disk`);
  else await member.kill();
  execFileSync("mount", ["-o", `remount,size=${String(LARGE_MIB)}m`, member.dataDir]);
  member.start();
  await member.ready();
  verdicts.check(true, `${what}: once there is room, the member serves`);
}

async function judgeData(cluster: Cluster, load: WriteLoad, what: string): Promise<void> {
  const { acknowledged, lost, wrong } = await load.verify((await cluster.leader()).client);
  verdicts.check(
    acknowledged > 0 && lost.length + wrong.length === 0,
    `${what}: no acknowledged write was lost: ${String(lost.length)} lost, ${String(wrong.length)} wrong of ${String(acknowledged)}`,
  );
  const agreement = await hashAgreement(cluster.members);
  verdicts.check(agreement.isEqual, `${what}: HashKV is equal everywhere ${hashText(agreement)}`);
}

async function startLoad(cluster: Cluster, what: string): Promise<WriteLoad> {
  const load = new WriteLoad({
    endpoints: () => cluster.members.filter((member) => member.isRunning).map((member) => member.client),
    perSecond: PER_SECOND,
    prefix: what.replaceAll(" ", "-"),
    valueBytes: VALUE_BYTES,
  });
  load.start();
  await load.progress(STEP_TIMEOUT_MS);
  return load;
}

async function withCluster(
  size: number,
  flags: readonly string[],
  run: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await Cluster.create({ binary, size, flags });
  try {
    await run(cluster);
  } finally {
    await Promise.all(cluster.members.map((member) => member.kill()));
    // What is to be looked at is lost with the mount: the log is beside it.
    unmountAll();
    await cluster.destroy(values.keep);
  }
}

async function endsWithin(member: ClusterMember, timeoutMs: number): Promise<boolean> {
  const timeout = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => {
    timeout.resolve(false);
  }, timeoutMs);
  const isEnded = await Promise.race([member.ended().then(() => true), timeout.promise]);
  clearTimeout(timer);
  return isEnded;
}

function mount(member: ClusterMember): void {
  mkdirSync(member.dataDir, { recursive: true });
  const options = `size=${String(SMALL_MIB)}m,mode=0700`;
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", member.dataDir]);
  mounted.add(member.dataDir);
}

function unmountAll(): void {
  for (const folder of mounted) execFileSync("umount", ["--lazy", folder]);
  mounted.clear();
}

function parse(line: string): { readonly level?: string; readonly msg?: string } {
  try {
    return JSON.parse(line) as { level?: string; msg?: string };
  } catch {
    return {};
  }
}
