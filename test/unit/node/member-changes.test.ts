import { describe, expect, test } from "vitest";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import { memberJson } from "../../../server/cluster/member-json.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import { MemberChanges } from "../../../server/node/member-changes.ts";
import type { Network } from "../../../server/ports/network.ts";
import { ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { RawNode } from "../../../server/raft/raw-node.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { TestMachine } from "../../support/test-machine.ts";

const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

/** `healthy`, `fresh` (connected just now) and `down` voters, `unstarted` ones (no name), and a `learner`; the first is this member. */
type Kind = "healthy" | "fresh" | "down" | "unstarted" | "learner";

/** Member changes on the leader of a cluster of such members; whatever gets past the guards is refused by raft's stand-in. */
function changesWith(kinds: readonly Kind[], match: readonly number[] = []) {
  const { machine } = new TestMachine();
  const clock = new ManualClock();
  kinds.forEach((kind, position) => {
    const id = BigInt(position + 1);
    const isLearner = kind === "learner";
    const name = kind === "unstarted" ? "" : `m${String(id)}`;
    const peerUrls = [`http://${String(id)}:2380`];
    const context = memberJson({ id, name, peerUrls, clientUrls: [], isLearner, replaces: undefined });
    const type = isLearner ? ConfChangeType.AddLearnerNode : ConfChangeType.AddNode;
    const change = { id: 0n, type, nodeId: id, context: new TextEncoder().encode(context) };
    machine.applyConfChange({ index: position + 1, term: 1 }, change);
  });
  const activeSinceMs = (id: bigint) => {
    const kind = kinds[Number(id) - 1];
    if (kind === "down" || kind === "unstarted") return undefined;
    return clock.nowMs - (kind === "fresh" ? 1000 : 60_000);
  };
  const progress = new Map(match.map((index, position) => [BigInt(position + 1), { match: index }]));
  const raft = {
    basicStatus: () => ({ leader: 1n }),
    status: () => ({ progress }),
    proposeConfChange() {
      throw new Error("proposed");
    },
  };
  const leadership = new Leadership();
  leadership.update(1n, true, 0);
  return new MemberChanges({
    clock,
    leadership,
    selfId: 1n,
    replica: { machine, store: new MemoryStore(), storeFolder: "", confState },
    raft: raft as unknown as RawNode,
    network: { activeSinceMs } as unknown as Network,
    nextId: () => 1n,
    strictReconfigCheck: true,
    requestTimeoutMs: 1000,
    onProposed: () => {},
    moveLeaderFrom: () => Promise.resolve(),
    canUseJoint: () => Promise.resolve(true),
  });
}

describe("with the strict reconfiguration check, as etcd", () => {
  // etcd server/etcdserver/api/membership: IsReadyToAddVotingMember; server.go: mayAddMember.
  test.each<[string, readonly Kind[], string]>([
    ["one member may grow to two", ["healthy"], "proposed"],
    ["no third is added while the second has not started", ["healthy", "unstarted"], "not-enough-started"],
    ["a third may come when two are healthy", ["healthy", "healthy"], "proposed"],
    ["a third may not come while one of two is down", ["healthy", "down"], "unhealthy"],
    ["a third may not come while one of two is only just connected", ["healthy", "fresh"], "unhealthy"],
    ["a fourth may come when three are healthy", ["healthy", "healthy", "healthy"], "proposed"],
    ["a fourth may not come while one of three is down", ["healthy", "healthy", "down"], "unhealthy"],
    ["learners do not count", ["healthy", "healthy", "learner"], "proposed"],
  ])("voters: %s", async (_, kinds, expected) => {
    await expect(changesWith(kinds).add(["http://new:2380"], false)).rejects.toThrow(expected);
  });

  // etcd: mayRemoveMember, IsReadyToRemoveVotingMember.
  test.each<[string, readonly Kind[], bigint, string]>([
    ["one of three healthy ones may go", ["healthy", "healthy", "healthy"], 2n, "proposed"],
    ["one that is down may go", ["healthy", "healthy", "down"], 3n, "proposed"],
    ["a healthy one may not go while another is down", ["healthy", "healthy", "down"], 2n, "unhealthy"],
    ["one of two may go", ["healthy", "healthy"], 2n, "proposed"],
    ["the started one of two may not go", ["healthy", "unstarted"], 1n, "not-enough-started"],
    ["one that never started may go", ["healthy", "unstarted"], 2n, "proposed"],
    ["a learner may always go", ["healthy", "down", "learner"], 3n, "proposed"],
  ])("removal: %s", async (_, kinds, id, expected) => {
    await expect(changesWith(kinds).remove(id)).rejects.toThrow(expected);
  });

  // etcd: isLearnerReady, with readyPercentThreshold 0.9.
  test.each<[string, readonly Kind[], readonly number[], bigint, string]>([
    ["a learner with nine tenths of the log may vote", ["healthy", "learner"], [100, 90], 2n, "proposed"],
    ["one with less may not", ["healthy", "learner"], [100, 89], 2n, "learner-not-ready"],
    ["a voter is no learner", ["healthy", "healthy"], [100, 100], 2n, "member-not-learner"],
    ["nobody is promoted whom nobody knows", ["healthy"], [100], 9n, "member-not-found"],
  ])("promotion: %s", async (_, kinds, match, id, expected) => {
    await expect(changesWith(kinds, match).promote(id)).rejects.toThrow(expected);
  });
});
