import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { findSnapshotSources, readSnapshot } from "../../../../operator/etcd/snapshot-source.ts";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { fakeEtcd, type FakeAnswers } from "../../../support/fake-etcd.ts";

const NO_PEER = "http://127.0.0.1:1";

interface FakeMember {
  readonly id: bigint;
  readonly leader?: bigint;
  readonly clusterId?: bigint;
  readonly raftIndex?: bigint;
  readonly isLearner?: boolean;
  readonly isSick?: boolean;
}

function member({ id, leader = 1n, clusterId = 9n, raftIndex = 10n, isLearner = false, isSick = false }: FakeMember) {
  const answers: FakeAnswers = {
    maintenance: {
      status: () => ({ header: { clusterId, memberId: id }, leader, raftIndex, isLearner, version: "3.6.16" }),
    },
    kv: {
      range: () => {
        if (isSick) throw new RpcError(Code.UNKNOWN, "etcdserver: too many requests");
        return {};
      },
    },
  };
  return fakeEtcd(answers);
}

async function find(members: readonly FakeMember[], preference: "PreferFollower" | "Leader" = "PreferFollower") {
  const fakes = await Promise.all(members.map(member));
  return findSnapshotSources(
    fakes.map(({ endpoint }) => ({ endpoint, peerUrl: NO_PEER })),
    preference,
  );
}

const ids = (sources: Awaited<ReturnType<typeof find>>) => sources.map(({ memberId }) => memberId);

test("followers come before the leader, the furthest first", async () => {
  const members = [{ id: 1n, raftIndex: 30n }, { id: 2n }, { id: 3n, raftIndex: 20n }];
  expect(ids(await find(members))).toEqual(["3", "2", "1"]);
  expect(ids(await find(members, "Leader"))).toEqual(["1", "3", "2"]);
});

test("without a healthy follower it is the leader; learners and sick members are no sources", async () => {
  expect(ids(await find([{ id: 1n }, { id: 2n, isSick: true }, { id: 3n, isLearner: true }]))).toEqual(["1"]);
});

test("when nobody can give a snapshot, it is said of each why", async () => {
  const gone = await fakeEtcd({});
  gone.stop();
  const sick = await member({ id: 2n, isSick: true });
  const learner = await member({ id: 3n, isLearner: true });
  const endpoints = [gone, sick, learner].map(({ endpoint }) => ({ endpoint, peerUrl: NO_PEER }));
  const search = findSnapshotSources(endpoints, "PreferFollower");
  await expect(search).rejects.toThrow(/^no healthy member to take a snapshot from: /);
  await expect(search).rejects.toThrow(/does not answer .*; .* is not healthy .*too many requests.*; .* is a learner/);
});

test("endpoints of two clusters are refused", async () => {
  await expect(find([{ id: 1n }, { id: 2n, clusterId: 8n }])).rejects.toThrow(
    "the endpoints belong to several clusters: ",
  );
});

const database = new Uint8Array(3 * 512).map((_, at) => at % 251);
const whole = Buffer.concat([database, createHash("sha256").update(database).digest()]);

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

async function read(pieces: readonly Buffer[], failure?: RpcError): Promise<Buffer> {
  const { endpoint } = await fakeEtcd({
    maintenance: {
      async *snapshot() {
        for (const blob of pieces) yield { blob };
        if (failure) throw failure;
      },
    },
  });
  const gathered: Uint8Array[] = [];
  for await (const piece of readSnapshot(endpoint)) gathered.push(piece);
  return Buffer.concat(gathered);
}

test.each([[[512]], [[1568]], [[1]], [[31, 33, 1, 0, 700]], [[1537, 31]], [[1536, 32]], [[1530, 20, 18]]])(
  "a snapshot in pieces of %o arrives whole with its hash",
  async (sizes) => {
    expect((await read(cut(whole, sizes))).equals(whole)).toBe(true);
  },
);

function flipped(at: number): Buffer {
  const bytes = Buffer.from(whole);
  bytes[at]! ^= 1;
  return bytes;
}

test.each([
  ["a changed byte", flipped(700), "its hash does not match its content"],
  ["a changed hash", flipped(1560), "its hash does not match its content"],
  ["a missing end", whole.subarray(0, 1024), "it has 1024 bytes: it is cut short"],
  ["a missing hash", whole.subarray(0, 1536), "it has 1536 bytes: it is cut short"],
  ["a missing page", Buffer.concat([whole.subarray(512)]), "its hash does not match its content"],
  ["nothing", Buffer.alloc(0), "it is empty"],
])("a snapshot with %s is refused", async (_what, bytes, flaw) => {
  await expect(read(cut(bytes, [100]))).rejects.toThrow(`arrived damaged: ${flaw}; take the backup again`);
});

test("a member that goes away in the middle is said to have done so", async () => {
  const failure = new RpcError(Code.UNAVAILABLE, "etcdserver: server stopped");
  await expect(read(cut(whole.subarray(0, 500), [100]), failure)).rejects.toThrow(
    /broke off after 500 bytes: etcdserver: server stopped; take the backup again$/,
  );
});

test("a reader that has enough ends the call", async () => {
  let sent = 0;
  const { endpoint } = await fakeEtcd({
    maintenance: {
      async *snapshot() {
        for (; sent < 1_000_000; sent++) yield { blob: whole };
      },
    },
  });
  for await (const piece of readSnapshot(endpoint)) {
    expect(piece.length).toBe(whole.length);
    break;
  }
  expect(sent).toBeLessThan(100_000);
});
