import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ETCD_CLUSTER_VERSION } from "../../../server/base/versions.ts";
import { MemoryStore } from "../../../server/backend/memory-store.ts";
import { memberJson } from "../../../server/cluster/member-json.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import type { Command } from "../../../server/node/proposals.ts";
import { VersionMonitor } from "../../../server/node/version-monitor.ts";
import type { PeerCalls, PeerVersion } from "../../../server/ports/network.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { ConfChangeType, EntryType } from "../../../server/proto/raft-message.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { TestMachine } from "../../support/test-machine.ts";

const confState = { voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const none = (): Promise<never> => Promise.reject(new Error("cannot be reached"));

function answer(etcdserver: string, kvorum?: string): PeerVersion {
  return { etcdserver, etcdcluster: "not_decided", storage: "", ...(kvorum !== undefined && { kvorum }) };
}

/** Member 1 with two peers that say these versions; undefined: no answer. */
function monitorWith(answers: readonly (PeerVersion | undefined)[], names: readonly string[] = ["m1", "m2", "m3"]) {
  const { machine } = new TestMachine();
  names.forEach((name, position) => {
    const id = BigInt(position + 1);
    const peerUrls = [`http://${String(id)}:2380`];
    const member = { id, name, peerUrls, clientUrls: [], isLearner: false, replaces: undefined };
    const context = new TextEncoder().encode(memberJson(member));
    const change = { id: 0n, type: ConfChangeType.AddNode, nodeId: id, context };
    machine.applyConfChange({ index: position + 1, term: 1 }, change);
  });
  const said = [...answers];
  const version = ([url = ""]: readonly string[]) => {
    const found = said[Number(/\d+/.exec(url)?.[0]) - 2];
    return found ? Promise.resolve(found) : none();
  };
  const calls = { version } as unknown as PeerCalls;
  const proposed: (string | undefined)[] = [];
  const jobs: (boolean | undefined)[] = [];
  const leadership = new Leadership();
  const propose = async (command: Command) => {
    if (command.downgradeInfoSet) jobs.push(command.downgradeInfoSet.enabled);
    else proposed.push(command.clusterVersionSet?.ver);
  };
  const replica = { machine, store: new MemoryStore(), storeFolder: "", confState };
  const clock = new ManualClock();
  const log = new MemoryStorage();
  const monitor = new VersionMonitor({ selfId: 1n, replica, leadership, log, calls, clock, logger, propose });
  return { monitor, machine, leadership, log, clock, proposed, jobs, said };
}

const turn = (): Promise<unknown> => new Promise(setImmediate);

describe("the cluster's version", () => {
  test.each([
    ["ours if all others are as new", [answer("3.6.16"), answer("3.6.1")], ETCD_CLUSTER_VERSION],
    ["that of the oldest member", [answer("3.5.9"), answer("3.6.1")], "3.5.0"],
    ["the lowest there is while somebody does not answer", [answer("3.6.1"), undefined], "3.0.0"],
  ])("is %s", async (_, answers, expected) => {
    const { leadership, proposed } = monitorWith(answers);
    leadership.update(1n, true, 0);
    await turn();
    expect(proposed).toEqual([expected]);
  });

  test("is decided by the leader only", async () => {
    const { leadership, clock, proposed } = monitorWith([answer("3.6.1"), answer("3.6.1")]);
    leadership.update(2n, false, 0);
    clock.advance(10_000);
    await turn();
    expect(proposed).toEqual([]);
  });
});

describe("a downgrade to 3.5", () => {
  test.each<[string, readonly [string, string], readonly string[], readonly boolean[]]>([
    ["makes 3.5 the cluster's version", ["3.6.0", "3.6.16"], ["3.5.0"], []],
    ["waits for the members once that is so", ["3.5.0", "3.6.16"], [], []],
    ["is done when all members are of that version", ["3.5.0", "3.5.9"], [], [false]],
  ])("%s", async (_, [clusterVersion, theirs], expected, expectedJobs) => {
    const { machine, leadership, proposed, jobs } = monitorWith([answer(theirs), answer(theirs)]);
    machine.membership.setClusterVersion(clusterVersion);
    machine.membership.setDowngrade({ isEnabled: true, targetVersion: "3.5.0" });
    leadership.update(1n, true, 0);
    await turn();
    expect([proposed, jobs]).toEqual([expected, expectedJobs]);
  });

  test("changes nothing while somebody does not answer", async () => {
    const { machine, leadership, proposed, jobs } = monitorWith([answer("3.6.1"), undefined]);
    machine.membership.setClusterVersion("3.6.0");
    machine.membership.setDowngrade({ isEnabled: true, targetVersion: "3.5.0" });
    leadership.update(1n, true, 0);
    await turn();
    expect([proposed, jobs]).toEqual([[], []]);
  });
});

describe("the store's version", () => {
  test("is the cluster's again four seconds after it was not, on every member", async () => {
    const { machine, leadership, clock } = monitorWith([answer("3.6.1"), answer("3.6.1")]);
    leadership.update(2n, false, 0);
    machine.membership.setClusterVersion("3.6.0");
    clock.advance(3999);
    expect(machine.storageVersion.row).toBeUndefined();
    clock.advance(1);
    expect(machine.storageVersion.row).toBe("3.6.0");
  });

  test("follows the cluster to 3.5", () => {
    const { monitor, machine } = monitorWith([answer("3.5.9"), answer("3.5.9")]);
    machine.storageVersion.load("3.6.0");
    machine.membership.setClusterVersion("3.5.0");
    monitor.updateStorage();
    expect([machine.storageVersion.row, machine.storageVersion.detected]).toEqual([undefined, "3.5.0"]);
  });

  test("stays while the log holds what 3.5 does not know, until a snapshot leaves that behind", () => {
    const { monitor, machine, log } = monitorWith([answer("3.5.9"), answer("3.5.9")]);
    const request = create(InternalRaftRequestSchema, { downgradeVersionTest: { ver: "3.6.0" } });
    const data = toBinary(InternalRaftRequestSchema, request);
    log.append([
      { type: EntryType.Normal, term: 1, index: 1, data: undefined },
      { type: EntryType.Normal, term: 1, index: 2, data },
      { type: EntryType.Normal, term: 1, index: 3, data: undefined },
    ]);
    log.createSnapshot(1, confState, undefined);
    machine.storageVersion.load("3.6.0");
    machine.membership.setClusterVersion("3.5.0");
    monitor.updateStorage();
    expect(machine.storageVersion.row).toBe("3.6.0");
    log.createSnapshot(2, confState, undefined);
    monitor.updateStorage();
    expect(machine.storageVersion.row).toBeUndefined();
  });
});

describe("joint changes", () => {
  test.each([
    ["are used if every member is Kvorum's", [answer("3.6.1", "0.1.0"), answer("3.6.1", "0.1.0")], true],
    ["are not used beside an etcd", [answer("3.6.1", "0.1.0"), answer("3.6.1")], false],
    ["are not used beside a member that was never heard", [answer("3.6.1", "0.1.0"), undefined], false],
  ])("%s", async (_, answers, expected) => {
    expect(await monitorWith(answers).monitor.allAreKvorum()).toBe(expected);
  });

  test("are used beside a Kvorum member that has died since it was heard", async () => {
    const { monitor, said } = monitorWith([answer("3.6.1", "0.1.0"), answer("3.6.1", "0.1.0")]);
    await monitor.allAreKvorum();
    said[1] = undefined;
    expect(await monitor.allAreKvorum()).toBe(true);
  });

  test("are used beside a member that has not started", async () => {
    const { monitor } = monitorWith([answer("3.6.1", "0.1.0"), undefined], ["m1", "m2", ""]);
    expect(await monitor.allAreKvorum()).toBe(true);
  });
});
