import { readFileSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { expect, onTestFinished, test } from "vitest";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { encodeMessage } from "../../../server/proto/raft-codec.ts";
import { EntryType, MessageType } from "../../../server/proto/raft-message.ts";
import { raftHeaders } from "../../../server/transport/network-identity.ts";
import { Cluster, type ClusterMember } from "../../support/cluster.ts";
import { etcdBinary, run } from "../../support/etcd-binaries.ts";
import { message } from "../../support/peer-member.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { ours, theirs } from "../etcdutl/both-tools.ts";

/** A member of nobody's cluster, which a member hears all the same. */
const STRANGER = 0x4242n;
const SNAPSHOT_COUNT = 10;

/** Brings a request that 3.5 does not know into the log, as a member hands on what clients want of the leader. */
async function logNewerRequest({ client, peerUrl }: ClusterMember): Promise<void> {
  const { header } = await client.status();
  const [to, clusterId] = [header!.memberId, header!.clusterId];
  const request = create(InternalRaftRequestSchema, { header: { ID: 7n }, downgradeVersionTest: { ver: "3.6.0" } });
  const data = toBinary(InternalRaftRequestSchema, request);
  const entry = { type: EntryType.Normal, term: 0, index: 0, data };
  const body = encodeMessage(message({ type: MessageType.Prop, from: STRANGER, to, entries: [entry] }));
  const headers = raftHeaders({ selfId: STRANGER, clusterId, localPeerUrls: [] });
  const answer = await fetch(`${peerUrl}/raft`, { method: "POST", headers, body: Buffer.from(body) });
  if (answer.status !== 204) throw new Error(`${String(answer.status)} ${await answer.text()}`);
}

function etcdctl({ clientUrl }: ClusterMember, ...args: string[]): string {
  return run(etcdBinary("etcdctl"), ["--endpoints", clientUrl, ...args]);
}

function refusals({ logPath }: ClusterMember): number {
  return readFileSync(logPath, "utf8").split("WAL contains newer entries").length - 1;
}

/** The member looks every four seconds. */
async function untilStorageIs(member: ClusterMember, version: string): Promise<void> {
  await expect.poll(async () => (await member.client.status()).storageVersion, { timeout: 30_000 }).toBe(version);
}

test.each([
  ["source", ours],
  ["etcd", theirs],
] as const)("%s keeps a store of 3.6 while its log holds what 3.5 does not know", async (server, etcdutl) => {
  const flags = [`--snapshot-count=${String(SNAPSHOT_COUNT)}`];
  const cluster = await Cluster.create({ binary: serverBinary(server), size: 1, flags });
  onTestFinished(() => cluster.destroy());
  const member = cluster.member(0);
  await cluster.start();
  await untilStorageIs(member, "3.6.0");

  // The snapshot that follows a lower version of the cluster's leaves this behind.
  await logNewerRequest(member);
  etcdctl(member, "downgrade", "enable", "3.5");
  await untilStorageIs(member, "3.5.0");

  await logNewerRequest(member);
  await member.stop();
  expect(etcdutl("migrate", "--data-dir", member.dataDir, "--target-version", "3.6").status).toBe(0);
  await cluster.start();
  await expect.poll(() => refusals(member), { timeout: 30_000 }).toBeGreaterThan(1);
  expect((await member.client.status()).storageVersion).toBe("3.6.0");

  for (let i = 0; i <= SNAPSHOT_COUNT; i++) etcdctl(member, "put", "key", String(i));
  await untilStorageIs(member, "3.5.0");
});
