import { expect, test } from "vitest";
import { etcdWithV2 } from "../../../tools/etcd-binaries.ts";
import type { ClusterMember } from "../../support/cluster.ts";
import { etcdBinary, run } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { seekingMember } from "../../support/seeking-member.ts";

const PATIENT = { timeout: 30_000 };

test("a member of ours comes third to two of etcd 3.5, and leads them", async () => {
  const [ours, ...theirs] = await founders(["source", etcdWithV2(), etcdWithV2()]);
  const first = theirs[0]!;
  // They tell each other their names and the cluster's first version by requests of the 2.x API.
  await started(theirs);
  await started([ours!]);
  await expect.poll(() => listOf(ours!), PATIENT).toMatch(/, m0, .*, m1, .*, m2, /);
  expect(listOf(ours!)).toBe(listOf(first));
  await expect
    .poll(async () => (await fetch(`${ours!.clientUrl}/version`)).json(), PATIENT)
    .toMatchObject({
      etcdcluster: "3.5.0",
    });

  const { header } = await ours!.client.status();
  for (const leader of [undefined, header!.memberId]) {
    if (leader !== undefined) await lead([ours!, ...theirs], leader);
    for (const member of [ours!, ...theirs]) etcdctl([member], "put", `by ${member.name}`, String(leader));
  }
  etcdctl([ours!], "compaction", "5");
  await expect.poll(() => hashesOf([ours!, ...theirs]).size, PATIENT).toBe(1);
});

/** Members under one --initial-cluster, named m0 and so on; not started. */
async function founders(servers: readonly string[]): Promise<readonly ClusterMember[]> {
  const urls = (await freePorts(servers.length)).map((port) => `http://127.0.0.1:${String(port)}`);
  const initialCluster = urls.map((url, i) => `m${String(i)}=${url}`).join(",");
  const members: ClusterMember[] = [];
  for (const [i, server] of servers.entries()) {
    const own = [`--listen-peer-urls=${urls[i]!}`, `--initial-advertise-peer-urls=${urls[i]!}`];
    const flags = [...own, `--initial-cluster=${initialCluster}`];
    members.push(await seekingMember({ server, name: `m${String(i)}`, flags }));
  }
  return members;
}

async function started(members: readonly ClusterMember[]): Promise<void> {
  for (const member of members) member.start();
  await Promise.all(members.map((member) => member.ready()));
}

async function lead(members: readonly ClusterMember[], id: bigint): Promise<void> {
  etcdctl(members, "move-leader", id.toString(16));
  for (const member of members) {
    await expect.poll(async () => (await member.client.status()).leader, PATIENT).toBe(id);
  }
}

/** On one line, in the order of the names. */
function listOf(member: ClusterMember): string {
  const lines = etcdctl([member], "member", "list").trim().split("\n");
  return lines.toSorted((a, b) => (a.slice(a.indexOf(", m")) < b.slice(b.indexOf(", m")) ? -1 : 1)).join("; ");
}

function hashesOf(members: readonly ClusterMember[]): ReadonlySet<number> {
  const all = JSON.parse(etcdctl(members, "endpoint", "hashkv", "-w", "json")) as readonly Hashed[];
  expect(all).toHaveLength(members.length);
  return new Set(all.map(({ HashKV }) => HashKV.hash));
}

interface Hashed {
  readonly HashKV: { readonly hash: number };
}

function etcdctl(members: readonly ClusterMember[], ...args: string[]): string {
  const endpoints = members.map(({ clientUrl }) => clientUrl).join(",");
  return run(etcdBinary("etcdctl"), ["--endpoints", endpoints, ...args]);
}
