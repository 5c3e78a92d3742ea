import { expect, onTestFinished, test } from "vitest";
import { EndpointClients } from "../../../../operator/etcd/endpoint-clients.ts";
import type { EtcdFailureKind } from "../../../../operator/etcd/etcd-failure.ts";
import {
  addLearner,
  listMembers,
  moveLeader,
  promoteLearner,
  removeMember,
  replaceMember,
} from "../../../../operator/etcd/member-operations.ts";
import { Client } from "../../../../server/client/client.ts";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { faultStatus } from "../../../../server/rpc/fault-status.ts";
import type { Fault } from "../../../../server/base/domain-error.ts";
import { fakeEtcd, type FakeAnswers } from "../../../support/fake-etcd.ts";

const URL_0 = "http://x-0.x-peers.ns.svc:2380";
const URL_1 = "http://x-1.x-peers.ns.svc:2380";
const voter = { ID: 0x8000000000000001n, name: "x-0", peerURLs: [URL_0], clientURLs: [], isLearner: false };
const learner = { ID: 2n, name: "", peerURLs: [URL_1], clientURLs: [], isLearner: true };

async function connect(answers: FakeAnswers) {
  const fake = await fakeEtcd(answers);
  const client = new Client({ endpoints: [fake.endpoint] });
  onTestFinished(() => client.close());
  return { client, calls: fake.calls };
}

function refuse(fault: Fault): () => never {
  const [code, message] = faultStatus[fault];
  return () => {
    throw new RpcError(code, message);
  };
}

test("members are listed by a linearizable read, with ids in hex", async () => {
  const { client } = await connect({
    cluster: {
      memberList: ({ linearizable }) => ({ members: linearizable ? [voter, learner] : [] }),
    },
  });
  expect(await listMembers(client)).toEqual({
    ok: true,
    value: [
      { id: "8000000000000001", name: "x-0", peerUrls: [URL_0], clientUrls: [], isLearner: false },
      { id: "2", name: "", peerUrls: [URL_1], clientUrls: [], isLearner: true },
    ],
  });
});

test("a learner is added once, however often it is asked for", async () => {
  const members = [voter];
  const { client, calls } = await connect({
    cluster: {
      memberList: () => ({ members }),
      memberAdd: ({ peerURLs, isLearner }) => {
        const member = { ...learner, peerURLs, isLearner };
        members.push(member);
        return { member };
      },
    },
  });
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(await addLearner(client, URL_1)).toMatchObject({ ok: true, value: { id: "2", isLearner: true } });
  }
  expect(calls.filter((name) => name === "MemberAdd")).toHaveLength(1);
});

test("a learner that somebody else adds between the look and the call is taken", async () => {
  let looks = 0;
  const { client } = await connect({
    cluster: {
      memberList: () => ({ members: looks++ === 0 ? [voter] : [voter, learner] }),
      memberAdd: refuse("peer-url-exist"),
    },
  });
  expect(await addLearner(client, URL_1)).toMatchObject({ ok: true, value: { id: "2" } });
});

test("no learner is added where a voter is: that is a conflict, and nothing is sent", async () => {
  const { client, calls } = await connect({ cluster: { memberList: () => ({ members: [voter] }) } });
  expect(await addLearner(client, URL_0)).toEqual({
    ok: false,
    failure: { kind: "Conflict", message: `adding a learner at ${URL_0}: the voter 8000000000000001 is there` },
  });
  expect(calls).toEqual(["MemberList"]);
});

test("a successor that shares the URL of the voter that it replaces is the learner there", async () => {
  const successor = { ...learner, peerURLs: [URL_0] };
  const { client } = await connect({ cluster: { memberList: () => ({ members: [voter, successor] }) } });
  expect(await addLearner(client, URL_0)).toMatchObject({ ok: true, value: { id: "2" } });
});

test.each([
  ["the leader agrees", () => ({}), "Promoted"],
  ["it has not caught up", refuse("learner-not-ready"), "NotInSync"],
  ["it votes already", refuse("member-not-learner"), "Promoted"],
] as const)("promotion when %s: %3$s", async (_what, memberPromote, value) => {
  const { client } = await connect({ cluster: { memberPromote } });
  expect(await promoteLearner(client, "2")).toEqual({ ok: true, value });
});

test("a member that is gone already counts as removed", async () => {
  const removed: bigint[] = [];
  const there = await connect({
    cluster: {
      memberRemove: ({ ID }) => {
        removed.push(ID);
        return {};
      },
    },
  });
  expect(await removeMember(there.client, "8000000000000001")).toEqual({ ok: true, value: undefined });
  expect(removed).toEqual([0x8000000000000001n]);
  const gone = await connect({ cluster: { memberRemove: refuse("member-not-found") } });
  expect(await removeMember(gone.client, "2")).toEqual({ ok: true, value: undefined });
});

test("leadership is moved to the member named", async () => {
  const targets: bigint[] = [];
  const { client } = await connect({
    maintenance: {
      moveLeader: ({ targetID }) => {
        targets.push(targetID);
        return {};
      },
    },
  });
  expect(await moveLeader(client, "ff")).toEqual({ ok: true, value: undefined });
  expect(targets).toEqual([0xffn]);
});

test("a replacement is a learner first and then votes", async () => {
  let isLearner = true;
  const { client } = await connect({
    membership: { replace: () => ({ successor: { ...learner, isLearner } }) },
  });
  const replace = () => replaceMember(client, "1", URL_0);
  expect(await replace()).toEqual({ ok: true, value: { phase: "Learner", successor: "2" } });
  isLearner = false;
  expect(await replace()).toEqual({ ok: true, value: { phase: "Replaced", successor: "2" } });
});

test.each([
  [
    "whose swap was done without our hearing of it is done",
    [{ ...voter, ID: 9n }],
    { phase: "Replaced", successor: "9" },
  ],
  ["of a member that never was fails", [{ ...learner, peerURLs: [URL_0] }], undefined],
])("a replacement %s", async (_what, members, value) => {
  const { client } = await connect({
    membership: { replace: refuse("member-not-found") },
    cluster: { memberList: () => ({ members }) },
  });
  const result = await replaceMember(client, "1", URL_0);
  if (value) expect(result).toEqual({ ok: true, value });
  else expect(result).toMatchObject({ ok: false, failure: { kind: "NotFound" } });
});

const kinds: readonly (readonly [Fault, EtcdFailureKind])[] = [
  ["unhealthy", "Refused"],
  ["not-enough-started", "Refused"],
  ["member-not-enough-started", "Refused"],
  ["not-supported-for-learner", "Refused"],
  ["bad-leader-transferee", "Refused"],
  ["too-many-learners", "Conflict"],
  ["member-exist", "Conflict"],
  ["not-leader", "NotLeader"],
  ["leader-changed", "NotLeader"],
  ["no-leader", "NoQuorum"],
  ["timeout", "NoQuorum"],
  ["timeout-leader-transfer", "NoQuorum"],
  ["stopped", "Unreachable"],
  ["not-capable", "Unsupported"],
  ["corrupt", "Broken"],
  ["no-space", "Broken"],
  ["auth-failed", "Unexpected"],
];

test.each(kinds)("the refusal %s is of kind %s", async (fault, kind) => {
  const { client } = await connect({ maintenance: { moveLeader: refuse(fault) } });
  const [, text] = faultStatus[fault];
  expect(await moveLeader(client, "1")).toEqual({
    ok: false,
    failure: { kind, message: `moving leadership to member 1: ${text.replace("etcdserver: ", "")}` },
  });
});

test("nobody there, nobody who answers, and no such method are told apart", async () => {
  const gone = await fakeEtcd({});
  gone.stop();
  const nobody = new Client({ endpoints: [gone.endpoint] });
  onTestFinished(() => nobody.close());
  expect(await listMembers(nobody)).toMatchObject({ failure: { kind: "Unreachable" } });
  const { client: old } = await connect({ cluster: { memberList: () => ({}) } });
  expect(await moveLeader(old, "1")).toMatchObject({ failure: { kind: "Unsupported" } });
  const late = await connect({
    maintenance: {
      moveLeader: () => {
        throw new RpcError(Code.DEADLINE_EXCEEDED, "context deadline exceeded");
      },
    },
  });
  expect(await moveLeader(late.client, "1")).toMatchObject({ failure: { kind: "TimedOut" } });
});

test.each(["", "xyz", "0x12", "12345678901234567"])("%o is no member id, and nothing is sent", async (id) => {
  const { client, calls } = await connect({ cluster: { memberRemove: () => ({}) } });
  for (const result of [
    await promoteLearner(client, id),
    await removeMember(client, id),
    await moveLeader(client, id),
  ]) {
    expect(result).toMatchObject({ ok: false, failure: { kind: "Unexpected" } });
  }
  expect(await replaceMember(client, id, URL_0)).toMatchObject({ ok: false });
  expect(calls).toEqual([]);
});

test("an endpoint keeps its client until it is forgotten", () => {
  const clients = new EndpointClients();
  onTestFinished(() => clients.close());
  const one = clients.of("10.0.0.1:2379");
  const both = clients.of("10.0.0.1:2379", "10.0.0.2:2379");
  expect(clients.of("10.0.0.1:2379")).toBe(one);
  expect(both).not.toBe(one);
  clients.forget("10.0.0.2:2379");
  expect(clients.of("10.0.0.1:2379")).toBe(one);
  expect(clients.of("10.0.0.1:2379", "10.0.0.2:2379")).not.toBe(both);
});

test("the clients not used for longest are closed when there are more than 512", () => {
  const clients = new EndpointClients();
  onTestFinished(() => clients.close());
  const first = clients.of("10.0.0.1:1");
  const second = clients.of("10.0.0.1:2");
  expect(clients.of("10.0.0.1:1")).toBe(first);
  for (let port = 3; port <= 513; port++) clients.of(`10.0.0.1:${String(port)}`);
  expect(clients.of("10.0.0.1:1")).toBe(first);
  expect(clients.of("10.0.0.1:2")).not.toBe(second);
});
