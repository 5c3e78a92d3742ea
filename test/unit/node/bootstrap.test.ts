import { describe, expect, test } from "vitest";
import { bootstrapExisting, WrongMemberError, type InitialCluster } from "../../../server/node/bootstrap.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import type { PeerCalls, RemoteMember } from "../../../server/ports/network.ts";

const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const unused = (): Promise<never> => Promise.reject(new Error("not asked"));

const HOME = ["http://x-1:2380"];
const member = (id: bigint, peerUrls: readonly string[], change: Partial<RemoteMember> = {}): RemoteMember => ({
  id,
  peerUrls,
  name: "",
  clientUrls: [],
  isLearner: false,
  ...change,
});
const RUNS = member(1n, ["http://x-0:2380"], { name: "x-0", clientUrls: ["http://x-0:2379"] });
const DEAD = member(2n, HOME, { name: "x-1", clientUrls: ["http://x-1:2379"] });
const LEARNER = member(3n, HOME, { isLearner: true });
const ELSEWHERE = member(4n, ["http://x-2:2380"]);

/** Joins a cluster that lists these members, as one of them or as whoever is at home. */
function join(members: readonly RemoteMember[], joinsAs?: InitialCluster["joinsAs"]) {
  const calls: PeerCalls = {
    version: async () => ({ etcdserver: "3.6.16", etcdcluster: "3.6.0", storage: "3.6.0" }),
    members: async () => ({ clusterId: 9n, members }),
    downgradeEnabled: unused,
    renewLease: unused,
    leaseTimeToLive: unused,
    promote: unused,
    hashKv: unused,
  };
  const cluster = {
    selfName: "x-1",
    token: "t",
    members: [
      { name: "x-0", peerUrls: RUNS.peerUrls },
      { name: "x-1", peerUrls: HOME },
    ],
    joinsAs,
  };
  return bootstrapExisting(cluster, calls, logger);
}

describe("joining a running cluster as the member that one was told to be", () => {
  test("succeeds as the learner at the own URL, also while a voter has that too, and whoever else there is", async () => {
    for (const members of [
      [RUNS, LEARNER],
      [RUNS, DEAD, LEARNER],
      [RUNS, DEAD, LEARNER, ELSEWHERE],
    ]) {
      const { selfId, clusterId, entries } = await join(members, { selfId: 3n, clusterId: 9n });
      expect([selfId, clusterId, entries]).toEqual([3n, 9n, []]);
    }
  });

  test.each<[string, readonly RemoteMember[], { selfId: bigint; clusterId: bigint }, string, boolean]>([
    ["another cluster answers", [RUNS, LEARNER], { selfId: 3n, clusterId: 8n }, "has the id 9, not 8", true],
    ["nobody was added", [RUNS], { selfId: 3n, clusterId: 9n }, "add it as a learner", false],
    ["the old member was meant", [RUNS, DEAD, LEARNER], { selfId: 2n, clusterId: 9n }, "is 3, not 2", false],
    ["the learner has not been seen here yet", [RUNS, DEAD], { selfId: 3n, clusterId: 9n }, "is 2, not 3", false],
    ["the member votes", [RUNS, DEAD], { selfId: 2n, clusterId: 9n }, "member 2 has run before", true],
    [
      "the learner has run",
      [RUNS, { ...LEARNER, clientUrls: ["http://x-1:2379"] }],
      { selfId: 3n, clusterId: 9n },
      "member 3 has run before",
      true,
    ],
  ])("fails if %s", async (_what, members, joinsAs, sentence, isFinal) => {
    const error: unknown = await join(members, joinsAs).catch((reason: unknown) => reason);
    expect(String(error)).toContain(sentence);
    expect(error instanceof WrongMemberError).toBe(isFinal);
  });

  test("without being told, the flags have to name all members", async () => {
    expect((await join([RUNS, DEAD, LEARNER])).selfId).toBe(3n);
    await expect(join([RUNS, LEARNER, ELSEWHERE])).rejects.toThrow("member count is unequal");
    await expect(join([RUNS, ELSEWHERE])).rejects.toThrow("has no member with the peer URLs http://x-1:2380");
  });
});
