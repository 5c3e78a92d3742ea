import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect, parseArgs } from "node:util";
import { manifestKey, snapshotKey } from "../../operator/backup/backup-layout.ts";
import type { JobErrorCode } from "../../operator/backup/job-error.ts";
import type { StoredBackup } from "../../operator/controllers/backup-status.ts";
import { KV, Lease } from "../../server/proto/gen/rpc_pb.js";
import { etcdBinaries } from "../../tools/etcd-binaries.ts";
import { Cluster, ClusterMember } from "../support/cluster.ts";
import { bytes, type EtcdClient } from "../support/etcd-client.ts";
import { freePorts } from "../support/free-ports.ts";
import { operatorTool, type OperatorToolEnd, type OperatorToolOptions } from "../support/operator-tool.ts";
import { mebibytes } from "../support/process-stats.ts";
import { S3Gateway } from "../support/s3-gateway.ts";
import { SERVER_HELP, serverBinary, type ServerBinary } from "../support/server-binary.ts";
import { TcpProxy } from "../support/tcp-proxy.ts";
import { Verdicts } from "../support/verdicts.ts";
import { WriteLoad } from "../support/write-load.ts";

const HELP = `npm run backup -- [options]

Backups of a cluster of three under writes, in a real S3 server, with the connection cut in the middle of parts; restored,
and judged by real etcd and etcdutl. Then all that can be wrong with a store or a backup, each with its sentence and with
nothing touched.

  --mebibytes N    data in the cluster (default 208)
  --server NAME    ${SERVER_HELP}
  --keep           keep data and logs
`;

const { values } = parseArgs({
  options: {
    mebibytes: { type: "string", default: "208" },
    server: { type: "string", default: "kvorum" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const MEBIBYTE = 1024 * 1024;
const VALUE_BYTES = 64 * 1024;
const VALUES_PER_TXN = 16;
const TXNS_IN_FLIGHT = 4;
const SMALL_KEYS = 20_000;
const KEYS_PER_TXN = 100;
/** The issue's. */
const DATA_MIN_BYTES = 200 * MEBIBYTE;
const PARTS_MIN = 5;
/** The program itself, an S3 client, gRPC, and 32 MiB of parts on their way. */
const RSS_MAX = 320 * MEBIBYTE;
/** In the middle of a part of 8 MiB. */
const CUT_AFTER_BYTES = 3 * MEBIBYTE;
const CUTS = 2;
const LEASES = [1001n, 1002n, 1003n];
const FULLY = { depth: Infinity, maxArrayLength: Infinity };
const FLAGS = ["--quota-backend-bytes=8589934592"];

const binary = serverBinary(values.server);
const verdicts = new Verdicts();
const folder = mkdtempSync(join(tmpdir(), "kvorum-backup-"));
let folders = 0;

function freshFolder(name: string): string {
  const path = join(folder, `${name}-${String(folders++)}`);
  mkdirSync(path);
  return path;
}

/** Cuts connections to the S3 server in the middle of what they send, as often as it is told to. */
class Cutter {
  cuts = 0;
  #left = 0;

  arm(): void {
    this.cuts = 0;
    this.#left = CUTS;
  }

  start(port: number): Promise<TcpProxy> {
    return TcpProxy.start(port, (connection) => {
      const isPart = connection.opening.subarray(0, 4).toString() === "PUT ";
      if (this.#left === 0 || !isPart || connection.sentBytes < CUT_AFTER_BYTES) return;
      this.#left--;
      this.cuts++;
      connection.cut();
    });
  }
}

/** The world of one run: a cluster, a store behind a proxy, and the operator's commands on both. */
interface Scene {
  readonly cluster: Cluster;
  readonly gateway: S3Gateway;
  readonly proxy: TcpProxy;
  readonly cutter: Cutter;
}

function keyOf(backup: string): string {
  return snapshotKey({ namespace: "ns", cluster: "x", clusterUid: "uid-x", backup });
}

function storeFlags({ gateway, proxy }: Scene, bucket = gateway.bucket): readonly string[] {
  return [
    `--store=s3://${bucket}/team-a`,
    `--s3-endpoint=http://127.0.0.1:${String(proxy.port)}`,
    "--s3-force-path-style",
  ];
}

function upload(
  scene: Scene,
  backup: string,
  options: OperatorToolOptions = {},
  bucket?: string,
): Promise<OperatorToolEnd> {
  const { cluster, gateway } = scene;
  const flags = ["--backup", backup, "--cluster-uid", "uid-x", "--endpoint", cluster.endpoints.join(",")];
  const work = ["--work-folder", freshFolder("work")];
  return operatorTool(["backup-upload", ...storeFlags(scene, bucket), "--key", keyOf(backup), ...flags, ...work], {
    ...options,
    environment: { ...gateway.credentials, ...options.environment },
  });
}

function verify(scene: Scene, key: string, ...more: readonly string[]): Promise<OperatorToolEnd> {
  const work = ["--work-folder", freshFolder("work"), ...more];
  return operatorTool(["backup-verify", ...storeFlags(scene), "--key", key, ...work], {
    environment: scene.gateway.credentials,
  });
}

function restore(scene: Scene, key: string, dataDir: string, environment = {}): Promise<OperatorToolEnd> {
  const flags = ["--data-dir", dataDir, "--cluster-uid", "uid-y", "--seed-pod", "y-0", "--pod", "y-0"];
  const args = ["restore-fetch", ...storeFlags(scene), "--key", key, ...flags, "--peer-host-suffix", "y-peers.ns.svc"];
  return operatorTool(args, { environment: { ...scene.gateway.credentials, ...environment } });
}

function uploaded({ result, lines }: OperatorToolEnd): StoredBackup {
  if (result?.ok === true && result.command === "backup-upload") return result;
  throw new Error(`the upload failed:\n${lines.join("\n")}`);
}

function checkFailure(end: OperatorToolEnd, what: string, code: JobErrorCode, sentence: RegExp, exitCode = 2): void {
  const error = end.result?.ok === false ? end.result.error : undefined;
  const isExpected = error?.code === code && sentence.test(error.message) && end.exitCode === exitCode;
  verdicts.check(
    isExpected,
    `${what}: ${String(error?.code)}, exit code ${String(end.exitCode)}: ${String(error?.message)}`,
  );
}

/** Large values first, which make the size; they differ, so that nothing can be compressed or shared. */
async function fill(client: EtcdClient, mebibytesWanted: number): Promise<void> {
  const startMs = performance.now();
  const count = Math.ceil((mebibytesWanted * MEBIBYTE) / VALUE_BYTES);
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += VALUES_PER_TXN;
      const success = [];
      for (let n = from; n < Math.min(next, count); n++) {
        const put = { key: bytes(`large/${String(n).padStart(6, "0")}`), value: largeValue(n) };
        success.push({ request: { case: "requestPut" as const, value: put } });
      }
      await client.call(KV.method.txn, { success }, 60_000);
    }
  };
  await Promise.all(Array.from({ length: TXNS_IN_FLIGHT }, writer));
  console.log(`${String(count)} values of 64 KiB written in ${((performance.now() - startMs) / 1000).toFixed(0)} s`);
}

function largeValue(n: number): Uint8Array {
  const value = new Uint32Array(VALUE_BYTES / 4);
  let state = n * 2_654_435_761 + 1;
  for (let i = 0; i < value.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + i;
    value[i] = state;
  }
  return new Uint8Array(value.buffer);
}

/** Small keys of several versions with deletions and a compaction in between; leases if wanted. */
async function history(client: EtcdClient, withLeases: boolean): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (let from = 0; from < SMALL_KEYS; from += KEYS_PER_TXN) {
      const success = [];
      for (let n = from; n < from + KEYS_PER_TXN; n++) {
        const put = { key: bytes(`small/${String(n)}`), value: bytes(`${String(n)} in round ${String(round)}`) };
        success.push({ request: { case: "requestPut" as const, value: put } });
      }
      await client.call(KV.method.txn, { success }, 30_000);
    }
    await client.call(KV.method.deleteRange, {
      key: bytes(`small/${String(round + 1)}1`),
      rangeEnd: bytes(`small/${String(round + 1)}2`),
    });
    if (round > 0) break;
    const { header } = await client.call(KV.method.range, { key: bytes("none") });
    await client.call(KV.method.compact, { revision: header?.revision ?? 1n, physical: true }, 60_000);
  }
  if (!withLeases) return;
  for (const ID of LEASES) {
    await client.call(Lease.method.leaseGrant, { ID, TTL: 3600n * ID });
    const keys = [`leased/${String(ID)}/a`, `leased/${String(ID)}/b`];
    for (const key of keys) await client.call(KV.method.put, { key: bytes(key), value: bytes("x"), lease: ID });
  }
}

/** All that a client can see of a cluster, to be compared. */
async function sight(client: EtcdClient, revision: bigint) {
  const status = await client.status(10_000);
  const { hash, compactRevision } = await client.hashKv(revision, 120_000);
  const all = await client.call(
    KV.method.range,
    { key: bytes("\0"), rangeEnd: bytes("\0"), countOnly: true, revision },
    60_000,
  );
  const small = await client.call(
    KV.method.range,
    { key: bytes("small/7"), rangeEnd: bytes("small/8"), revision },
    60_000,
  );
  const leases = [];
  for (const ID of LEASES) {
    const { grantedTTL, keys } = await client.call(Lease.method.leaseTimeToLive, { ID, keys: true });
    leases.push([String(ID), String(grantedTTL), keys.map((key) => Buffer.from(key).toString()).toSorted()]);
  }
  const pairs = small.kvs.map(({ key, value, modRevision, version }) =>
    [key, value].map((part) => Buffer.from(part).toString()).concat(String(modRevision), String(version)),
  );
  return { hash, compactRevision, count: all.count, pairs, leases, storeRevision: status.header?.revision };
}

type Sight = Awaited<ReturnType<typeof sight>>;

/** What differs is printed. */
function sameSight(a: Sight, b: Sight): boolean {
  const different = (["hash", "compactRevision", "count", "pairs", "leases"] as const).filter(
    (name) => inspect(a[name], FULLY) !== inspect(b[name], FULLY),
  );
  for (const name of different) console.log(`${name} differs: ${inspect(a[name])} and ${inspect(b[name])}`);
  return different.length === 0;
}

/** Starts one member on a data dir that is there. */
async function serve(server: ServerBinary, dataDir: string): Promise<ClusterMember> {
  const [clientPort = 0, peerPort = 0] = await freePorts(2);
  const clientUrl = `http://127.0.0.1:${String(clientPort)}`;
  const peerUrl = `http://127.0.0.1:${String(peerPort)}`;
  const flags = [
    ["--name", "y-0", "--data-dir", dataDir, "--initial-cluster", `y-0=${peerUrl}`],
    ["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
    ["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
    FLAGS,
  ].flat();
  const member = new ClusterMember({
    name: "y-0",
    folder: freshFolder("server"),
    clientUrl,
    peerUrl,
    listenPeerUrl: peerUrl,
    command: [...server.command, ...flags],
  });
  member.start();
  await member.ready(120_000);
  return member;
}

async function withServer<T>(
  server: ServerBinary,
  dataDir: string,
  use: (client: EtcdClient) => Promise<T>,
): Promise<T> {
  const member = await serve(server, dataDir);
  try {
    return await use(member.client);
  } finally {
    await member.kill();
    member.client.close();
  }
}

function etcdutl(...args: readonly string[]): string {
  return execFileSync(join(etcdBinaries(), "etcdutl"), args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Everything below a folder, with sizes: nothing was touched if it is the same after. */
function contents(path: string): string {
  return JSON.stringify(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted(),
  );
}

/** The first backup: much data, no leases, for etcdutl's hashkv cannot read those; cuts, and writes that go on. */
async function backupUnderWrites(scene: Scene): Promise<StoredBackup> {
  const { cluster, gateway, cutter } = scene;
  const leader = await cluster.leader();
  await fill(leader.client, Number(values.mebibytes));
  await history(leader.client, false);
  const load = new WriteLoad({
    endpoints: () => cluster.members.map(({ client }) => client),
    perSecond: 100,
    prefix: "going-on",
    valueBytes: 256,
  });
  load.start();
  cutter.arm();
  const startMs = performance.now();
  const end = await upload(scene, "first");
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  await load.stop();
  const backup = uploaded(end);
  console.log(`uploaded and read back in ${seconds} s; ${memoryText(end)}`);
  verdicts.check(
    backup.sizeBytes >= DATA_MIN_BYTES,
    `the snapshot has at least 200 MiB: ${mebibytes(backup.sizeBytes)}`,
  );
  verdicts.check(backup.parts >= PARTS_MIN, `it was sent in at least 5 parts: ${String(backup.parts)}`);
  const again = end.lines.filter((line) => /^sending part .*; attempt \d+ in/.test(line));
  verdicts.check(
    cutter.cuts === CUTS && again.length >= CUTS,
    `connections were cut in the middle of a part, and those parts were sent again: ${String(cutter.cuts)} cuts, ${String(again.length)} parts`,
  );
  verdicts.check(end.rssMax < RSS_MAX, `RSS of the uploader: ${mebibytes(end.rssMax)}, limit ${mebibytes(RSS_MAX)}`);
  const leaderId = (await leader.client.status()).leader.toString(16);
  verdicts.check(backup.memberID !== leaderId, `it was taken from a follower: ${backup.endpoint}`);
  const { acknowledged, lost, wrong } = await load.verify(leader.client);
  verdicts.check(
    acknowledged > 100 && lost.length + wrong.length === 0,
    `writes went on meanwhile: ${String(acknowledged)}, ${String(lost.length)} lost`,
  );
  const { hash, compactRevision } = await leader.client.hashKv(BigInt(backup.revision), 120_000);
  verdicts.check(
    hash === backup.hashKV && Number(compactRevision) === backup.compactRevision,
    `the cluster says the same HashKV at the backup's revision ${String(backup.revision)}: ${String(hash)}`,
  );
  judgeFile(gateway.file(`team-a/${backup.key}`), backup);
  return backup;
}

function memoryText({ rssMax, anonymousMax }: OperatorToolEnd): string {
  return `its RSS was at most ${mebibytes(rssMax)}, of which ${mebibytes(anonymousMax)} anonymous`;
}

/** What real etcdutl says of the stored file. */
function judgeFile(file: string, backup: StoredBackup): void {
  const status = JSON.parse(etcdutl("snapshot", "status", file, "-w", "json")) as { hash: number; revision: number };
  verdicts.check(
    status.hash === backup.statusHash && status.revision === backup.revision,
    `etcdutl snapshot status: hash ${String(status.hash)}, revision ${String(status.revision)}`,
  );
  const copy = join(freshFolder("hashkv"), "db");
  copyFileSync(file, copy);
  const { hash, hashRevision, compactRevision } = JSON.parse(etcdutl("hashkv", copy, "-w", "json")) as Record<
    string,
    number
  >;
  verdicts.check(
    hash === backup.hashKV && hashRevision === backup.revision && compactRevision === backup.compactRevision,
    `etcdutl hashkv: ${String(hash)} at revision ${String(hashRevision)}, compacted at ${String(compactRevision)}`,
  );
}

/** The second backup has leases; it is restored by Kvorum and by real etcdutl, and all three clusters look the same. */
async function restoreEverywhere(scene: Scene): Promise<void> {
  const { cluster, gateway } = scene;
  const leader = await cluster.leader();
  await history(leader.client, true);
  const backup = uploaded(await upload(scene, "second"));
  const source = await sight(leader.client, BigInt(backup.revision));
  verdicts.check(source.hash === backup.hashKV, `the second backup has the cluster's HashKV: ${String(source.hash)}`);
  verdicts.check(source.leases.length === LEASES.length, "the source has leases with keys");

  const dataDir = freshFolder("restored");
  const startMs = performance.now();
  const end = await restore(scene, backup.key, dataDir);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  verdicts.check(end.result?.ok === true, `restored in ${seconds} s, ${memoryText(end)}`);
  const kvorum = await withServer(binary, dataDir, (client) => sight(client, BigInt(backup.revision)));
  verdicts.check(sameSight(source, kvorum), "Kvorum on the restored data: HashKV, keys and leases are the source's");
  verdicts.check(
    Number(kvorum.storeRevision) === backup.revision,
    `its revision is the backup's: ${String(kvorum.storeRevision)}`,
  );

  const etcdDir = join(freshFolder("etcd"), "data");
  etcdutl("snapshot", "restore", gateway.file(`team-a/${backup.key}`), "--data-dir", etcdDir);
  const etcd = await withServer(serverBinary("etcd"), etcdDir, (client) => sight(client, BigInt(backup.revision)));
  verdicts.check(sameSight(source, etcd), "real etcd on the backup: HashKV, keys and leases are the source's");

  const before = contents(dataDir);
  const again = await restore(scene, backup.key, dataDir);
  verdicts.check(again.result?.ok === true && contents(dataDir) === before, "a second restore into it does nothing");
}

/** A snapshot that real etcd made, put into the bucket by hand, without a manifest. */
async function restoreOfEtcd(scene: Scene): Promise<void> {
  const { gateway } = scene;
  const etcd = await Cluster.create({ binary: serverBinary("etcd"), size: 1, flags: FLAGS });
  try {
    await etcd.start();
    const { client, clientUrl } = etcd.member(0);
    await history(client, true);
    const file = gateway.file("team-a/by-hand/etcd.db");
    mkdirSync(dirname(file), { recursive: true });
    execFileSync(join(etcdBinaries(), "etcdctl"), ["--endpoints", clientUrl, "snapshot", "save", file], {
      stdio: "pipe",
    });
    const revision = (await client.status()).header?.revision ?? 0n;
    const source = await sight(client, revision);
    const dataDir = freshFolder("restored");
    const { result, lines } = await restore(scene, "by-hand/etcd.db", dataDir);
    if (result?.ok !== true) throw new Error(lines.join("\n"));
    const found = result.command === "restore-fetch" && result.outcome === "Restored" ? result : undefined;
    verdicts.check(
      found?.revision === Number(revision) && found.hashKV === source.hash,
      `a snapshot of real etcd is restored: revision ${String(found?.revision)}, HashKV ${String(found?.hashKV)}`,
    );
    const restored = await withServer(binary, dataDir, (restoredClient) => sight(restoredClient, revision));
    verdicts.check(sameSight(source, restored), "Kvorum on real etcd's snapshot: HashKV, keys and leases are etcd's");
    const checked = await verify(scene, "by-hand/etcd.db");
    verdicts.check(checked.result?.ok === true, "it is verified too, without a manifest");
  } finally {
    await etcd.destroy();
  }
}

/** All that can be wrong with what is stored; each time with its sentence, and nothing in the volume. */
async function refusals(scene: Scene, backup: StoredBackup): Promise<void> {
  const { gateway } = scene;
  const file = gateway.file(`team-a/${backup.key}`);
  const whole = readFileSync(file);
  const flipped = Buffer.from(whole);
  flipped[Math.floor(whole.length / 2)]! ^= 1;
  const place = (name: string, content: Buffer | string): string => {
    const path = gateway.file(`team-a/wrong/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return `wrong/${name}`;
  };
  const dataDir = freshFolder("untouched");
  const refused = async (
    what: string,
    key: string,
    code: JobErrorCode,
    sentence: RegExp,
    exitCode = 2,
  ): Promise<void> => {
    checkFailure(await restore(scene, key, dataDir), what, code, sentence, exitCode);
    if (readdirSync(dataDir).length > 0) verdicts.check(false, `${what}: the volume was touched: ${contents(dataDir)}`);
  };
  writeFileSync(file, flipped);
  await refused("one flipped byte", backup.key, "Damaged", /is damaged: its SHA-256 is .*; take another backup$/);
  checkFailure(await verify(scene, backup.key), "verifying one flipped byte", "Damaged", /is damaged: its SHA-256 is/);
  writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 3)));
  await refused("cut short", backup.key, "Damaged", /is damaged: its SHA-256 is/);
  writeFileSync(file, whole);
  const verified = await verify(scene, backup.key, "--sha256", backup.sha256);
  verdicts.check(verified.result?.ok === true, "whole again, it is verified");
  await refused(
    "a bare file with one flipped byte",
    place("flipped.db", flipped),
    "Damaged",
    /its hash does not match its content/,
  );
  await refused(
    "a bare file cut short",
    place("short.db", whole.subarray(0, 9_000_000)),
    "Damaged",
    /9000000 bytes and no hash/,
  );
  await refused(
    "a foreign file",
    place("notes.txt", "notes\n".repeat(9999)),
    "Foreign",
    /is no snapshot of etcd or Kvorum; correct the key$/,
  );
  await refused("an empty file", place("empty.db", ""), "Foreign", /is no snapshot of etcd or Kvorum/);
  await refused("a missing backup", keyOf("never-taken"), "BackupNotFound", /^there is no ns\/x\/uid-x\/never-taken/);
  const manifest = gateway.file(`team-a/${manifestKey(backup.key)}`);
  const text = readFileSync(manifest, "utf8");
  writeFileSync(manifest, "hello");
  await refused("a foreign manifest", backup.key, "Foreign", /is no manifest of a backup/);
  writeFileSync(manifest, text);
  mkdirSync(join(dataDir, "photos"));
  checkFailure(await restore(scene, backup.key, dataDir), "an occupied volume", "VolumeOccupied", /holds photos/);
  verdicts.check(
    contents(dataDir) === JSON.stringify([join(dataDir, "photos")]),
    "in all of this no volume was touched",
  );
}

/** Most of the large values go: what follows needs some parts and not all of them. */
async function shrink(client: EtcdClient): Promise<void> {
  const range = { key: bytes("large/001000"), rangeEnd: bytes("large0") };
  const { header } = await client.call(KV.method.deleteRange, range, 60_000);
  await client.call(KV.method.compact, { revision: header?.revision ?? 1n, physical: true }, 120_000);
}

/** A store that is down, refuses, or is not there. */
async function storeTroubles(scene: Scene): Promise<void> {
  const { gateway } = scene;
  const wrong = { AWS_SECRET_ACCESS_KEY: "wrong" };
  const unknown = { AWS_ACCESS_KEY_ID: "nobody" };
  checkFailure(
    await upload(scene, "third", { environment: wrong }),
    "a wrong key",
    "StoreRefused",
    /SignatureDoesNotMatch.*check the keys in the store's Secret$/,
  );
  checkFailure(
    await upload(scene, "third", { environment: unknown }),
    "an unknown key",
    "StoreRefused",
    /UserNotFound.*check the keys in the store's Secret$/,
  );
  checkFailure(
    await upload(scene, "third", {}, "nowhere"),
    "a missing bucket",
    "StoreInvalid",
    /NoSuchBucket.*create the bucket/,
  );
  const dataDir = freshFolder("untouched");
  checkFailure(
    await restore(scene, keyOf("first"), dataDir, wrong),
    "a restore with a wrong key",
    "StoreRefused",
    /SignatureDoesNotMatch/,
  );
  let isStopped = false;
  const broken = await upload(scene, "third", {
    onLine: (line) => {
      if (isStopped || !/^sending part .*: done/.test(line)) return;
      isStopped = true;
      void gateway.stop();
    },
  });
  checkFailure(
    broken,
    "a store that goes down in the middle",
    "StoreUnreachable",
    /sending part|aborting|beginning/,
    1,
  );
  checkFailure(await upload(scene, "fourth"), "a store that is down", "StoreUnreachable", /looking for .* failed/, 1);
  checkFailure(
    await restore(scene, keyOf("first"), dataDir),
    "a restore from a store that is down",
    "StoreUnreachable",
    /looking for/,
    1,
  );
  verdicts.check(readdirSync(dataDir).length === 0, "no volume was touched");
  await gateway.restart();
  const later = uploaded(await upload(scene, "third"));
  verdicts.check(later.revision > 0, "when the store is back, the same backup is taken");
}

/** Killed at some line of its log, and run again. */
async function killedUploads(scene: Scene): Promise<void> {
  const moments = [/^taking a snapshot/, /^sending part 3 .*: done/, /^reading .* back/];
  for (const [n, moment] of moments.entries()) {
    const name = `killed-${String(n)}`;
    const killed = await upload(scene, name, { onLine: (line, kill) => moment.test(line) && kill() });
    const again = uploaded(await upload(scene, name));
    const once = uploaded(await upload(scene, name));
    const isDone = killed.exitCode === null && again.backupName === name && once.completedAt === again.completedAt;
    verdicts.check(isDone, `killed at ${String(moment)}, run again, and then done for good: ${again.completedAt}`);
  }
  const file = scene.gateway.file(`team-a/${keyOf("killed-1")}`);
  const deletion = ["backup-delete", ...storeFlags(scene), "--key", keyOf("killed-1")];
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { result } = await operatorTool(deletion, { environment: scene.gateway.credentials });
    verdicts.check(result?.ok === true, `deleted, attempt ${String(attempt)}`);
  }
  const left = readdirSync(dirname(dirname(file)));
  verdicts.check(!left.includes("killed-1") || readdirSync(dirname(file)).length === 0, "nothing of it is left");
}

async function backups(): Promise<void> {
  const startMs = performance.now();
  const gateway = await S3Gateway.start(freshFolder("s3"));
  const cutter = new Cutter();
  const proxy = await cutter.start(gateway.port);
  const cluster = await Cluster.create({ binary, size: 3, flags: FLAGS });
  const scene = { cluster, gateway, proxy, cutter };
  let isDone = false;
  try {
    await cluster.start();
    const first = await backupUnderWrites(scene);
    await restoreEverywhere(scene);
    await restoreOfEtcd(scene);
    await refusals(scene, first);
    await shrink((await cluster.leader()).client);
    await storeTroubles(scene);
    await killedUploads(scene);
    isDone = true;
  } finally {
    proxy.stop();
    await gateway.stop();
    await cluster.destroy(values.keep || !isDone);
    if (values.keep || !isDone) console.log(`files are kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
    console.log(`${((performance.now() - startMs) / 1000).toFixed(0)} s in all`);
  }
}

await verdicts.conclude(backups);
