import { createServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { memberHealth } from "../../../../operator/etcd/member-health.ts";
import { Client } from "../../../../server/client/client.ts";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { fakeEtcd, type FakeAnswers } from "../../../support/fake-etcd.ts";

const status = {
  header: { clusterId: 0xc1n, memberId: 0xa0n, raftTerm: 3n },
  version: "3.6.16",
  dbSize: 4096n,
  dbSizeInUse: 2048n,
  leader: 0xa0n,
  raftIndex: 77n,
  raftTerm: 3n,
  errors: [] as string[],
  isLearner: false,
};

async function versionPort(body: string): Promise<string> {
  const server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
}

async function healthOf(answers: FakeAnswers, peerUrl?: string) {
  const fake = await fakeEtcd(answers);
  const client = new Client({ endpoints: [fake.endpoint] });
  onTestFinished(() => client.close());
  const url = peerUrl ?? (await versionPort('{"etcdserver":"3.6.16","kvorum":"0.1.0"}'));
  return memberHealth({ client, peerUrl: url });
}

function refuse(code: Code, message: string): () => never {
  return () => {
    throw new RpcError(code, message);
  };
}

test("a healthy leader is shown with all that it says", async () => {
  expect(await healthOf({ maintenance: { status: () => status }, kv: { range: () => ({}) } })).toEqual({
    kind: "Running",
    memberId: "a0",
    clusterId: "c1",
    isLearner: false,
    isLeader: true,
    healthy: true,
    version: "0.1.0",
    etcdVersion: "3.6.16",
    dbSize: 4096,
    dbSizeInUse: 2048,
    raftTerm: 3,
    raftIndex: 77,
    errors: [],
  });
});

test("a follower that cannot read through the leader runs and is not healthy, and says why", async () => {
  const health = await healthOf({
    maintenance: { status: () => ({ ...status, leader: 0xbbn, errors: ["memberID:160 alarm:NOSPACE "] }) },
    kv: { range: refuse(Code.UNKNOWN, "etcdserver: too many requests") },
  });
  expect(health).toMatchObject({
    isLeader: false,
    healthy: false,
    errors: ["memberID:160 alarm:NOSPACE ", "a linearizable read: too many requests"],
  });
});

test("a learner is healthy when it knows a leader, for it may not read", async () => {
  const range = refuse(Code.FAILED_PRECONDITION, "etcdserver: rpc not supported for learner");
  for (const leader of [0xbbn, 0n]) {
    const health = await healthOf({
      maintenance: { status: () => ({ ...status, leader, isLearner: true }) },
      kv: { range },
    });
    expect(health).toMatchObject({ isLearner: true, healthy: leader !== 0n, errors: [] });
  }
});

test("a read that is not permitted was agreed on all the same", async () => {
  const range = refuse(Code.PERMISSION_DENIED, "etcdserver: permission denied");
  expect(await healthOf({ maintenance: { status: () => status }, kv: { range } })).toMatchObject({ healthy: true });
});

test("a member of etcd itself has no release of Kvorum, and one that does not say neither", async () => {
  const answers: FakeAnswers = { maintenance: { status: () => status }, kv: { range: () => ({}) } };
  for (const body of ['{"etcdserver":"3.6.16"}', "not JSON", '{"kvorum":7}']) {
    expect(await healthOf(answers, await versionPort(body))).toMatchObject({ kind: "Running", version: "" });
  }
  expect(await healthOf(answers, "http://127.0.0.1:1")).toMatchObject({ kind: "Running", version: "" });
});

test("a member that does not answer is unreachable, with the reason", async () => {
  const fake = await fakeEtcd({});
  fake.stop();
  const client = new Client({ endpoints: [fake.endpoint] });
  onTestFinished(() => client.close());
  const health = await memberHealth({ client, peerUrl: "http://127.0.0.1:1" });
  expect(health).toMatchObject({ kind: "Unreachable", message: expect.stringContaining("ECONNREFUSED") as string });
});
