import { fromBinary } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import { must } from "../../../server/base/assert.ts";
import { nodeClock } from "../../../server/host/node-clock.ts";
import { selfSigned } from "../../../server/host/self-signed.ts";
import { clientTls, ServerTls } from "../../../server/host/tls-files.ts";
import { memberId } from "../../../server/node/member-id.ts";
import { decodeConfChange } from "../../../server/proto/raft-codec-confchange.ts";
import { EntryType, MessageType, type Entry, type Message } from "../../../server/proto/raft-message.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { PeerClient, type PeerTls } from "../../../server/transport/peer-client.ts";
import { peerCalls } from "../../../server/transport/peer-calls.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { startEtcd } from "../../support/etcd-binaries.ts";
import {
  message,
  RecordingHandlers,
  silentLogger,
  TestMember,
  type TestMemberOptions,
} from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** No call takes this long, on however slow a machine. */
const CALL_MS = 30_000;
const soon = { timeout: 60_000, interval: 20 };

function calls(clusterId?: bigint, tls?: PeerTls) {
  const client = new PeerClient({ tls, clock: nodeClock, dialTimeoutMs: CALL_MS });
  return peerCalls({ client, clock: nodeClock, clusterId });
}

test("our calls are understood by real etcd, and its answers by us", async () => {
  const etcd = await startEtcd(tempFolder());
  const urls = [etcd.peerUrl];
  const id = memberId(urls, "etcd-cluster");
  etcd.etcdctl("put", "a", "1");
  // A new member serves before it has settled the versions of the cluster and of its store.
  const settled = { etcdserver: "3.6.16", etcdcluster: "3.6.0", storage: "3.6.0" };
  await expect.poll(() => calls().version(urls, CALL_MS)).toEqual(settled);
  const { clusterId, members } = await calls().members(urls, CALL_MS);
  expect(members).toEqual([{ id, name: "default", peerUrls: urls, clientUrls: [etcd.endpoint], isLearner: false }]);
  expect(await calls().downgradeEnabled(urls, CALL_MS)).toBe(false);
  await expect(calls().promote(urls, 5n, CALL_MS)).rejects.toMatchObject({ fault: "member-not-found" });
  await expect(calls().promote(urls, id, CALL_MS)).rejects.toMatchObject({ fault: "member-not-learner" });
  const hash = await calls(clusterId).hashKv(urls, 0, CALL_MS);
  expect(hash).toMatchObject({ revision: 2, hashRevision: 2 });
  const told: unknown = JSON.parse(etcd.etcdctl("endpoint", "hashkv", "-w", "json"));
  expect(told).toMatchObject([{ HashKV: { hash: hash.hash } }]);
  await expect(calls(clusterId).hashKv(urls, 99, CALL_MS)).rejects.toMatchObject({ fault: "future-revision" });
  await expect(calls(5n).hashKv(urls, 0, CALL_MS)).rejects.toMatchObject({ fault: "cluster-id-mismatch" });
  const lease = BigInt(`0x${must(/lease ([0-9a-f]+)/.exec(etcd.etcdctl("lease", "grant", "60"))?.[1])}`);
  etcd.etcdctl("put", "leased", "x", `--lease=${lease.toString(16)}`);
  expect(await calls().renewLease(urls, lease, CALL_MS)).toBe(60);
  const left = await calls().leaseTimeToLive(urls, lease, true, CALL_MS);
  expect(left).toMatchObject({ id: lease, grantedTtl: 60 });
  expect(left.keys.map((key) => Buffer.from(key).toString())).toEqual(["leased"]);
  await expect(calls().renewLease(urls, 77n, CALL_MS)).rejects.toMatchObject({ fault: "lease-not-found" });
  await expect(calls().leaseTimeToLive(urls, 77n, false, CALL_MS)).rejects.toMatchObject({ fault: "lease-not-found" });
});

/** Answers appends as a follower with an empty log does, and keeps the entries. */
class Learner extends RecordingHandlers {
  readonly entries: Entry[] = [];
  answer: (reply: Message) => void = () => undefined;

  override onMessage(received: Message): void {
    super.onMessage(received);
    const { type, from, to, term, index, commit, context } = received;
    const reply = { from: to, to: from, term };
    if (type === MessageType.Heartbeat) {
      this.answer(message({ ...reply, type: MessageType.HeartbeatResp, context }));
    } else if (type === MessageType.App && index > this.entries.length) {
      const rejectHint = this.entries.length;
      this.answer(message({ ...reply, type: MessageType.AppResp, index, reject: true, rejectHint }));
    } else if (type === MessageType.App) {
      this.entries.splice(index, Infinity, ...received.entries);
      this.answer(message({ ...reply, type: MessageType.AppResp, index: this.entries.length, commit }));
    }
  }
}

/** How etcd and we reach each other: flags for it, options for us. */
interface Security {
  readonly flags: readonly string[];
  readonly tls: TestMemberOptions["tls"];
}

async function verified(): Promise<Security> {
  const folder = tempFolder();
  const authority = await TestAuthority.make(folder, "peers");
  const trustedCaFile = authority.caFile;
  const [theirs, ours] = [await authority.issue("etcd", ["127.0.0.1"]), await authority.issue("us", ["127.0.0.1"])];
  const files = { ...ours, trustedCaFile, clientCertAuth: true };
  return {
    flags: [
      `--peer-cert-file=${theirs.certFile}`,
      `--peer-key-file=${theirs.keyFile}`,
      `--peer-trusted-ca-file=${trustedCaFile}`,
      "--peer-client-cert-auth",
    ],
    tls: { server: new ServerTls(files, silentLogger).options, client: clientTls(files, silentLogger) },
  };
}

async function madeOnTheSpot(): Promise<Security> {
  const options = {
    folder: tempFolder(),
    hosts: ["127.0.0.1"],
    validityYears: 1,
    clock: nodeClock,
    logger: silentLogger,
  };
  const files = await selfSigned(options);
  const client = clientTls(files, silentLogger, { isVerified: false });
  return { flags: ["--peer-auto-tls"], tls: { server: new ServerTls(files, silentLogger).options, client } };
}

test.each<[string, () => Promise<Security>]>([
  ["in the open", () => Promise.resolve({ flags: [], tls: undefined })],
  ["over TLS with certificates on both sides", verified],
  ["over TLS with certificates made on the spot", madeOnTheSpot],
])("a real leader opens streams to us, hears us, and sends its whole log, %s", async (_name, secure) => {
  const { flags, tls } = await secure();
  const etcd = await startEtcd(tempFolder(), ...flags);
  const ask = calls(undefined, tls?.client);
  const { clusterId, members } = await ask.members([etcd.peerUrl], CALL_MS);
  const leader = must(members[0]);
  etcd.etcdctl("put", "foo", "bar");
  // Bound before it is added, so that the leader finds a listener there.
  const join = async (url: string): Promise<bigint> => {
    etcd.etcdctl("member", "add", "us", "--learner", "--peer-urls", url);
    const added = (await ask.members([etcd.peerUrl], CALL_MS)).members.find(({ isLearner }) => isLearner);
    expect(added?.peerUrls).toEqual([url]);
    return must(added).id;
  };
  const member = await TestMember.start(join, {
    makeHandlers: (id) => new Learner(id, clusterId),
    ...(tls && { tls }),
  });
  const learner = member.handlers as Learner;
  learner.answer = (reply) => {
    member.network.send([reply]);
  };
  member.network.addPeer(leader);
  await vi.waitFor(() => expect(member.network.streamsTo(leader.id)).toEqual(["msgapp", "message"]), soon);
  await vi.waitFor(() => expect(learner.entries.length).toBeGreaterThanOrEqual(6), soon);
  const [first, empty, ...rest] = learner.entries;
  expect(first).toMatchObject({ type: EntryType.ConfChange, term: 1, index: 1 });
  const change = decodeConfChange(must(first?.data));
  expect(change).toMatchObject({ id: 0n, nodeId: leader.id });
  expect(Buffer.from(change.context ?? "").toString()).toBe(
    `{"id":${String(leader.id)},"peerURLs":["${etcd.peerUrl}"],"name":"default"}`,
  );
  expect(empty).toEqual({ type: EntryType.Normal, term: 2, index: 2, data: undefined });
  const kinds = rest.map(({ type, data }) =>
    type === EntryType.Normal && data
      ? Object.entries(fromBinary(InternalRaftRequestSchema, data))
          .filter(([name, value]) => !name.startsWith("$") && name !== "header" && typeof value === "object")
          .map(([name]) => name)
          .join()
      : "change",
  );
  expect(kinds.slice(0, 4).toSorted((a, b) => a.localeCompare(b))).toEqual(
    ["change", "clusterMemberAttrSet", "clusterVersionSet", "put"].toSorted((a, b) => a.localeCompare(b)),
  );
  expect(learner.entries.map(({ index }) => index)).toEqual(learner.entries.map((_, i) => i + 1));
  // Entries that come later arrive over the same streams, most of them foretold by the framing.
  const before = learner.entries.length;
  for (let i = 0; i < 5; i++) etcd.etcdctl("put", `k${String(i)}`, "v");
  await vi.waitFor(() => expect(learner.entries.length).toBe(before + 5), soon);
  expect(member.network.activeSinceMs(leader.id)).toBeDefined();
  expect(member.bugs).toEqual([]);
});
