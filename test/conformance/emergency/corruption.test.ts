import { expect, onTestFinished, test } from "vitest";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmType,
  KV,
  Maintenance,
} from "../../../server/proto/gen/rpc_pb.js";
import { Cluster, type ClusterMember } from "../../support/cluster.ts";
import { damageStore } from "../../support/damaged-store.ts";
import { bytes, details } from "../../support/etcd-client.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** Three members with some keys, of which one that does not lead is stopped and damaged. */
async function damagedCluster(...flags: string[]): Promise<{ cluster: Cluster; damaged: ClusterMember; id: bigint }> {
  const cluster = await Cluster.create({ binary: serverBinary("source"), size: 3, flags });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  for (let i = 0; i < 20; i++) {
    // Again, if the leader has just changed.
    await waitUntil("a key is written", () => cluster.member(0).client.put(`key${String(i)}`, `value${String(i)}`));
  }
  const leader = await cluster.leader();
  const damaged = cluster.members.find((member) => member !== leader) ?? leader;
  await waitUntil("the follower has it all", async () => {
    const [all, has] = await Promise.all([leader.client.status(), damaged.client.status()]);
    return all.header !== undefined && has.header?.revision === all.header.revision ? true : undefined;
  });
  const id = (await damaged.client.status()).header?.memberId ?? 0n;
  await damaged.stop();
  await damageStore(damaged.dataDir);
  return { cluster, damaged, id };
}

test("a member whose data is another raises the alarm, and keys are served no more", async () => {
  const { cluster, damaged, id } = await damagedCluster("--corrupt-check-time=1s");
  damaged.start();
  await damaged.ready();
  const leader = await cluster.leader();
  const { alarms } = await waitUntil("the alarm", async () => {
    const answer = await leader.client.call(Maintenance.method.alarm, { action: AlarmAction.GET });
    return answer.alarms.length > 0 ? answer : undefined;
  });
  expect(alarms).toMatchObject([{ alarm: AlarmType.CORRUPT, memberID: id }]);
  for (const member of cluster.members) {
    const put = member.client.call(KV.method.put, { key: bytes("a"), value: bytes("b") });
    expect(details(await put.catch((error: unknown) => error))).toBe("etcdserver: corrupt cluster");
    const health = await fetch(`${member.clientUrl}/readyz`);
    expect(health.status).toBe(503);
    expect(await health.text()).toContain("[-]data_corruption failed: alarm activated: CORRUPT");
  }
});

test("with InitialCorruptCheck such a member does not serve at all", async () => {
  const { cluster, damaged } = await damagedCluster("--feature-gates=InitialCorruptCheck=true");
  damaged.start();
  await damaged.ended();
  expect(damaged.exit).toBe(1);
  expect(damaged.lastLog()).toContain("found data inconsistency with peers");
  await (await cluster.leader()).client.put("still", "served");
});
