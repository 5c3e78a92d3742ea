import { describe, expect, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import { ConfChangeTransition, ConfChangeType, MessageType } from "../../../server/proto/raft-message.ts";
import { LOCAL_APPEND_TARGET } from "../../../server/raft/local-target.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import { RawNode } from "../../../server/raft/raw-node.ts";
import { sortedIds } from "../../../server/raft/sorted-ids.ts";
import { bytes, RawNodeGroup } from "./raw-node-group.ts";

const three = { voters: [1n, 2n, 3n] };

describe("proposals", () => {
  test("of one call travel as one message to each follower and are applied by all in order", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    group.sent.length = 0;
    expect(leader.propose(["a", "b", "c"].map(bytes))).toBe("accepted");
    group.settle();
    const appends = group.sent.filter(({ type, entries }) => type === MessageType.App && entries.length > 0);
    expect(appends.map(({ to, entries }) => [to, entries.length])).toEqual([
      [2n, 3],
      [3n, 3],
    ]);
    expect(appends[0]!.entries).toBe(appends[1]!.entries); // one array for all, so that it can be encoded once
    for (const id of three.voters) expect(group.applied.get(id)).toEqual(["a", "b", "c"]);
  });

  test("are forwarded by a follower, unless forwarding is off", () => {
    const group = new RawNodeGroup(three);
    group.elect(1n);
    expect(group.node(2n).propose([bytes("x"), bytes("y")])).toBe("accepted");
    group.settle();
    expect(group.applied.get(3n)).toEqual(["x", "y"]);

    const strict = new RawNodeGroup(three, { disableProposalForwarding: true });
    strict.elect(1n);
    expect(strict.node(2n).propose([bytes("x")])).toBe("dropped");
  });

  test("are dropped without a leader and beyond the limit of uncommitted bytes", () => {
    const group = new RawNodeGroup(three, { maxUncommittedEntriesSize: 10 });
    expect(group.node(1n).propose([bytes("x")])).toBe("dropped");
    const leader = group.elect(1n);
    group.cutOff.add(2n).add(3n);
    expect(leader.propose([bytes("more than the limit")])).toBe("accepted"); // the first one always passes
    expect(leader.propose([bytes("x")])).toBe("dropped");
    expect(leader.propose([new Uint8Array()])).toBe("accepted");
  });

  test("are split by the limit of message size", () => {
    const group = new RawNodeGroup({ voters: [1n, 2n] }, { maxSizePerMessage: 30 });
    const leader = group.elect(1n);
    group.sent.length = 0;
    leader.propose(Array.from({ length: 10 }, (_, i) => bytes(`value ${i}`)));
    group.settle();
    const sizes = group.sent.filter(({ type }) => type === MessageType.App).map(({ entries }) => entries.length);
    expect(Math.max(...sizes)).toBe(2);
    expect(group.applied.get(2n)).toHaveLength(10);
  });
});

describe("linearizable reads", () => {
  test("are confirmed by a quorum, at the leader and through a follower", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    leader.propose([bytes("x")]);
    group.settle();
    const { commit } = leader.basicStatus();
    leader.readIndex(bytes("at leader"));
    group.node(2n).readIndex(bytes("at follower"));
    group.settle();
    expect(group.readStates.get(1n)).toEqual([{ index: commit, context: bytes("at leader") }]);
    expect(group.readStates.get(2n)).toEqual([{ index: commit, context: bytes("at follower") }]);
  });

  test("are not confirmed without a quorum; a later heartbeat confirms all that wait", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    group.cutOff.add(2n).add(3n);
    leader.readIndex(bytes("one"));
    leader.readIndex(bytes("two"));
    group.settle();
    expect(group.readStates.get(1n)).toEqual([]);
    group.cutOff.clear();
    group.tick(1n, 1);
    group.settle();
    expect(group.readStates.get(1n)!.map(({ context }) => context)).toEqual([bytes("one"), bytes("two")]);
  });

  test("wait until a new leader has committed in its term, even if it is the only voter", () => {
    const group = new RawNodeGroup({ voters: [1n] });
    const node = group.node(1n);
    node.campaign();
    for (let i = 0; node.basicStatus().role !== "leader" && i < 9; i++) {
      const { hardState } = node.ready();
      if (hardState !== undefined) group.storages.get(1n)!.setHardState(hardState);
      node.advance();
    }
    node.readIndex(bytes("early"));
    group.settle();
    expect(group.readStates.get(1n)).toEqual([{ index: 2, context: bytes("early") }]);
  });

  test("need no messages with a lease", () => {
    const group = new RawNodeGroup(three, { readOnly: "lease-based" });
    const leader = group.elect(1n);
    group.sent.length = 0;
    leader.readIndex(bytes("x"));
    group.settle();
    expect(group.readStates.get(1n)).toHaveLength(1);
    expect(group.sent).toEqual([]);
  });
});

describe("leadership", () => {
  test("is handed over to a follower that has everything", () => {
    const group = new RawNodeGroup(three);
    group.elect(1n).transferLeader(3n);
    expect(group.node(1n).basicStatus().leadTransferee).toBe(3n);
    expect(group.node(1n).propose([bytes("x")])).toBe("dropped");
    group.settle();
    expect([...group.nodes.values()].map((node) => node.basicStatus().leader)).toEqual([3n, 3n, 3n]);
  });

  test("is handed over to one that did not hear of it, or could not stand then, with the next heartbeat", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    group.cutOff.add(3n);
    leader.transferLeader(3n);
    group.settle();
    expect(leader.basicStatus()).toMatchObject({ role: "leader", leadTransferee: 3n });
    group.cutOff.clear();
    group.tick(1n, 1);
    group.settle();
    expect([...group.nodes.values()].map((node) => node.basicStatus().leader)).toEqual([3n, 3n, 3n]);
  });

  test("stays where it is when the transfer takes longer than an election timeout", () => {
    const group = new RawNodeGroup(three, { checkQuorum: false });
    const leader = group.elect(1n);
    group.cutOff.add(3n);
    leader.transferLeader(3n);
    group.tick(1n, 10);
    group.settle();
    expect(leader.basicStatus()).toMatchObject({ role: "leader", leadTransferee: 0n });
    expect(leader.propose([bytes("x")])).toBe("accepted");
  });

  test("ends when no quorum is heard of", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    group.cutOff.add(2n).add(3n);
    group.tick(1n, 20);
    expect(leader.basicStatus()).toMatchObject({ role: "follower", leader: 0n });
  });

  test("is not disturbed by a member that comes back with pre-vote", () => {
    const group = new RawNodeGroup(three);
    const { term } = group.elect(1n).basicStatus();
    group.cutOff.add(3n);
    group.tick(3n, 100);
    group.settle();
    group.cutOff.clear();
    group.tick(1n, 1);
    group.settle();
    expect(group.node(1n).basicStatus()).toMatchObject({ role: "leader", term });
    expect(group.node(3n).basicStatus()).toMatchObject({ role: "follower", leader: 1n, term });
  });
});

describe("membership", () => {
  test("changes jointly and leaves the joint configuration by itself", () => {
    const group = new RawNodeGroup({ voters: [1n, 2n, 3n], learners: [4n] });
    const leader = group.elect(1n);
    const changes = [
      { type: ConfChangeType.AddNode, nodeId: 4n },
      { type: ConfChangeType.RemoveNode, nodeId: 3n },
    ];
    leader.proposeConfChange({ transition: ConfChangeTransition.JointImplicit, changes, context: undefined });
    group.settle();
    const { configuration, progress } = leader.status();
    expect(configuration).toMatchObject({ incoming: new Set([1n, 2n, 4n]), outgoing: new Set(), autoLeave: false });
    expect(sortedIds(progress.keys())).toEqual([1n, 2n, 4n]);
    expect(progress.get(4n)).toMatchObject({
      state: "replicate",
      isLearner: false,
      match: leader.basicStatus().commit,
    });
  });

  test("takes one change at a time: another one becomes an empty entry", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    for (const nodeId of [4n, 5n]) {
      leader.proposeConfChange({ id: 0n, type: ConfChangeType.AddLearnerNode, nodeId, context: undefined });
    }
    group.settle();
    expect(leader.status().configuration.learners).toEqual(new Set([4n]));
  });

  test("is the snapshot's once one is received, although changes from before it are still being applied", () => {
    const group = new RawNodeGroup(three);
    const node = group.node(3n);
    const state = { voters: [1n, 3n, 5n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
    const snapshot = { data: undefined, metadata: { index: 9, term: 1, confState: state } };
    node.step(makeMessage({ type: MessageType.Snap, to: 3n, from: 1n, term: 1, snapshot }));
    const change = { id: 0n, type: ConfChangeType.AddNode, nodeId: 4n, context: undefined };
    expect(node.applyConfChange(change).voters).toEqual([1n, 2n, 3n, 4n]); // where the application is
    expect(node.status().configuration.incoming).toEqual(new Set(state.voters));
    group.settle(); // the snapshot has arrived
    expect(node.applyConfChange(change).voters).toEqual([1n, 3n, 4n, 5n]);
  });

  test("starts with the first entries of the log in a new cluster", () => {
    const storage = new MemoryStorage();
    const node = new RawNode({
      id: 1n,
      electionTicks: 10,
      heartbeatTicks: 1,
      storage,
      applied: 0,
      asyncStorageWrites: true,
      maxSizePerMessage: 1024,
      maxCommittedSizePerReady: 0,
      maxUncommittedEntriesSize: 0,
      maxInflightMessages: 8,
      maxInflightBytes: 0,
      checkQuorum: true,
      preVote: true,
      readOnly: "safe",
      disableProposalForwarding: false,
      disableConfChangeValidation: false,
      stepDownOnRemoval: false,
      random: seededRandom(1),
    });
    node.bootstrap([1n, 2n].map((id) => ({ id, context: bytes(`member ${id}`) })));
    const ready = node.ready();
    expect(ready.hardState).toEqual({ term: 1, vote: 0n, commit: 2 });
    expect(ready.entries.map(({ type, term, index }) => [type, term, index])).toEqual([
      [1, 1, 1],
      [1, 1, 2],
    ]);
    expect(node.status().configuration.incoming).toEqual(new Set([1n, 2n]));
  });
});

describe("messages", () => {
  test("of local kinds are not taken from other members, responses not from strangers", () => {
    const group = new RawNodeGroup(three);
    const node = group.elect(1n);
    expect(node.step(makeMessage({ type: MessageType.Hup, to: 1n, from: 2n }))).toBe("local-message");
    expect(node.step(makeMessage({ type: MessageType.StorageAppendResp, to: 1n, from: 2n }))).toBe("local-message");
    expect(node.step(makeMessage({ type: MessageType.AppResp, to: 1n, from: 9n, term: 1 }))).toBe("unknown-peer");
    const done = makeMessage({ type: MessageType.StorageAppendResp, to: 1n, from: LOCAL_APPEND_TARGET });
    expect(node.step(done)).toBe("accepted");
  });

  test("to a follower that is unreachable turn into probes", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    leader.reportUnreachable(2n);
    expect(leader.status().progress.get(2n)?.state).toBe("probe");
    group.tick(1n, 1);
    group.settle();
    expect(leader.status().progress.get(2n)?.state).toBe("replicate");
  });

  test("carry a snapshot to a follower whose entries are compacted", () => {
    const group = new RawNodeGroup(three);
    const leader = group.elect(1n);
    group.cutOff.add(3n);
    leader.propose([bytes("x")]);
    group.settle();
    const storage = group.storages.get(1n)!;
    const { applied } = leader.basicStatus();
    storage.createSnapshot(applied, storage.initialState().confState, bytes("state"));
    storage.compact(applied);
    group.cutOff.clear();
    group.tick(1n, 1);
    group.settle();
    expect(group.sent.filter(({ type }) => type === MessageType.Snap)).toHaveLength(1);
    expect(group.storages.get(3n)!.snapshot().data).toEqual(bytes("state"));
    expect(leader.status().progress.get(3n)).toMatchObject({ state: "replicate", pendingSnapshot: 0 });
  });
});
