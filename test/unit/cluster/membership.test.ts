import { beforeEach, describe, expect, test } from "vitest";
import { goJsonString } from "../../../server/base/id-json.ts";
import { WriteBuffer } from "../../../server/backend/write-buffer.ts";
import { memberJson, parseDowngrade, parseMemberContext, promoteJson } from "../../../server/cluster/member-json.ts";
import type { Member } from "../../../server/cluster/member.ts";
import { Membership } from "../../../server/cluster/membership.ts";
import { ConfChangeTransition, ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { ConfChange, ConfChangeSingle, ConfChangeV2 } from "../../../server/proto/raft-message.ts";

const { AddNode, RemoveNode, UpdateNode, AddLearnerNode } = ConfChangeType;

function member(id: bigint, port: number, extra: Partial<Member> = {}): Member {
  return {
    id,
    peerUrls: [`http://127.0.0.1:${port}`],
    isLearner: false,
    name: "",
    clientUrls: [],
    replaces: undefined,
    ...extra,
  };
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function v1(type: ConfChangeType, nodeId: bigint, context?: string): ConfChange {
  return { id: 1n, type, nodeId, context: context === undefined ? undefined : encode(context) };
}

function v2(changes: readonly ConfChangeSingle[], context?: string): ConfChangeV2 {
  return {
    transition: ConfChangeTransition.JointImplicit,
    changes,
    context: context === undefined ? undefined : encode(context),
  };
}

let buffer: WriteBuffer;
let membership: Membership;

function ids(): bigint[] {
  return membership.members.map(({ id }) => id);
}

function addLearner(learner: Member): ConfChangeV2 {
  return v2([{ type: AddLearnerNode, nodeId: learner.id }], memberJson(learner));
}

function row(bucket: "cluster" | "members" | "meta", key: string): string {
  return new TextDecoder().decode(buffer.get(bucket, encode(key)) as Uint8Array);
}

beforeEach(() => {
  buffer = new WriteBuffer();
  membership = new Membership(buffer, 1);
  for (const id of [1n, 2n, 3n]) membership.apply(v1(AddNode, id, memberJson(member(id, Number(id)))));
});

describe("the JSON of members", () => {
  const golden = '{"id":7613951092972809482,"peerURLs":["http://127.0.0.1:41103"],"name":"n3"}';

  test("is etcd's to the byte", () => {
    const n3 = member(7613951092972809482n, 41103, { name: "n3" });
    expect(memberJson(n3)).toBe(golden);
    expect(parseMemberContext(golden)).toEqual({ member: n3, isPromote: false });
  });

  test("keeps every field, in etcd's order", () => {
    const full = member(18446744073709551615n, 1, {
      isLearner: true,
      name: "a<b>&c",
      clientUrls: ["http://h:2"],
      replaces: 7n,
    });
    const text = memberJson(full);
    expect(text).toBe(
      '{"id":18446744073709551615,"peerURLs":["http://127.0.0.1:1"],"isLearner":true,"name":"a\\u003cb\\u003e\\u0026c","clientURLs":["http://h:2"],"replaces":7}',
    );
    expect(parseMemberContext(text).member).toEqual(full);
  });

  test("says promote as etcd says it", () => {
    expect(promoteJson(5n)).toBe('{"id":5,"peerURLs":null,"isPromote":true}');
    expect(parseMemberContext(promoteJson(5n))).toMatchObject({ isPromote: true, member: { id: 5n, peerUrls: [] } });
  });

  test("text that looks like a number stays text", () => {
    expect(parseMemberContext('{"id":1,"peerURLs":[],"name":"12"}').member.name).toBe("12");
    expect(goJsonString('"\n')).toBe('"\\"\\n"');
  });
});

describe("changes in etcd's form", () => {
  test.each<[string, ConfChange, string]>([
    ["an id that is there", v1(AddNode, 1n, memberJson(member(1n, 9))), "member-exist"],
    ["a peer URL that is taken", v1(AddNode, 9n, memberJson(member(9n, 2))), "peer-url-exist"],
    ["removing an unknown member", v1(RemoveNode, 9n), "member-not-found"],
    ["updating an unknown member", v1(UpdateNode, 9n, memberJson(member(9n, 9))), "member-not-found"],
    ["updating to a peer URL that is taken", v1(UpdateNode, 1n, memberJson(member(1n, 2))), "peer-url-exist"],
    ["promoting an unknown member", v1(AddNode, 9n, promoteJson(9n)), "member-not-found"],
    ["promoting a voter", v1(AddNode, 1n, promoteJson(1n)), "member-not-learner"],
  ])("%s has no effect", (_what, change, fault) => {
    const before = membership.members;
    expect(membership.apply(change)).toEqual({ effective: { ...change, nodeId: 0n }, fault, facts: [] });
    expect(membership.members).toEqual(before);
    expect(() => membership.check(change)).toThrow(fault);
  });

  test("a removed id never returns", () => {
    expect(membership.apply(v1(RemoveNode, 3n)).facts).toMatchObject([{ kind: "member-removed", id: 3n }]);
    expect(membership.isRemoved(3n)).toBe(true);
    expect(membership.apply(v1(AddNode, 3n, memberJson(member(3n, 9)))).fault).toBe("member-not-found");
    expect(ids()).toEqual([1n, 2n]);
  });

  test("a learner is added, only one, and promoted", () => {
    const learner = member(4n, 4, { isLearner: true });
    expect(membership.apply(v1(AddLearnerNode, 4n, memberJson(learner))).facts).toEqual([
      { kind: "member-added", member: learner },
    ]);
    const second = v1(AddLearnerNode, 5n, memberJson(member(5n, 5, { isLearner: true })));
    expect(membership.apply(second).fault).toBe("too-many-learners");
    expect(membership.apply(v1(AddNode, 4n, promoteJson(4n))).facts).toMatchObject([{ kind: "member-promoted" }]);
    expect(membership.member(4n)?.isLearner).toBe(false);
  });

  test("an update changes the peer URLs and nothing else", () => {
    membership.setAttributes(1n, "one", ["http://c"]);
    membership.apply(v1(UpdateNode, 1n, memberJson(member(1n, 77))));
    expect(membership.member(1n)).toEqual(member(1n, 77, { name: "one", clientUrls: ["http://c"] }));
  });

  test("attributes of a member that is gone are ignored", () => {
    expect(membership.setAttributes(9n, "x", [])).toEqual([]);
  });
});

describe("joint changes", () => {
  const successor = member(4n, 3, { isLearner: true, replaces: 3n });
  const swap = [
    { type: AddNode, nodeId: 4n },
    { type: RemoveNode, nodeId: 3n },
  ];

  test("a learner may wait under the peer URLs of the voter that it replaces, and of no other", () => {
    expect(membership.apply(addLearner({ ...successor, replaces: 2n })).fault).toBe("peer-url-exist");
    expect(membership.apply(addLearner({ ...successor, replaces: undefined })).fault).toBe("peer-url-exist");
    expect(membership.apply(addLearner(successor)).fault).toBeUndefined();
  });

  test("one change swaps them: the voter that goes stays a member until the joint configuration is left", () => {
    membership.apply(v2([{ type: AddLearnerNode, nodeId: 4n }], memberJson(successor)));
    const { facts, fault } = membership.apply(v2(swap));
    expect(fault).toBeUndefined();
    expect(facts).toMatchObject([
      { kind: "member-promoted", member: { id: 4n, isLearner: false, replaces: undefined } },
    ]);
    expect(ids()).toEqual([1n, 2n, 3n, 4n]);
    expect(membership.member(3n)?.isLeaving).toBe(true);
    expect(membership.isRemoved(3n)).toBe(false);
    const left = membership.apply(v2([]));
    expect(left).toMatchObject({ effective: v2([]), fault: undefined, facts: [{ kind: "member-removed", id: 3n }] });
    expect(ids()).toEqual([1n, 2n, 4n]);
    expect(membership.isRemoved(3n)).toBe(true);
    expect(membership.apply(v2([])).facts).toEqual([]);
  });

  test("a member that is leaving is still so after a restart", () => {
    const leaving = { ...member(3n, 3), isLeaving: true as const };
    expect(parseMemberContext(memberJson(leaving)).member).toEqual(leaving);
  });

  test("a successor under shared URLs becomes a voter only as its predecessor goes", () => {
    membership.apply(v2([{ type: AddLearnerNode, nodeId: 4n }], memberJson(successor)));
    const alone = v2([{ type: AddNode, nodeId: 4n }]);
    expect(membership.apply(alone)).toEqual({
      effective: v2([{ type: AddNode, nodeId: 0n }]),
      fault: "peer-url-exist",
      facts: [],
    });
  });

  test("all of a change takes effect or nothing", () => {
    const change = v2([
      { type: RemoveNode, nodeId: 1n },
      { type: RemoveNode, nodeId: 9n },
    ]);
    expect(membership.apply(change).fault).toBe("member-not-found");
    expect(ids()).toEqual([1n, 2n, 3n]);
  });

  test("a single voter is added by its member in the context", () => {
    const { facts } = membership.apply(v2([{ type: AddNode, nodeId: 5n }], memberJson(member(5n, 5))));
    expect(facts).toEqual([{ kind: "member-added", member: member(5n, 5) }]);
  });
});

describe("what is stored", () => {
  test("loads back into the same membership", () => {
    membership.setAttributes(1n, "one", ["http://c"]);
    membership.apply(v1(RemoveNode, 2n));
    membership.setClusterVersion("3.6.0");
    membership.setDowngrade({ isEnabled: true, targetVersion: "3.5.0" });
    const again = new Membership(new WriteBuffer(), 1);
    for (const { key, value } of buffer.seal({ index: 1, term: 1, confState: undefined })) {
      const bucket = ({ 0x14: "cluster", 0x17: "members", 0x18: "members_removed" } as const)[key[0]!];
      if (bucket && value) again.load(bucket, key.subarray(1), value);
    }
    expect(again.members).toEqual(membership.members);
    expect(again.removedIds).toEqual([2n]);
    expect([again.clusterVersion, again.downgrade]).toEqual(["3.6.0", { isEnabled: true, targetVersion: "3.5.0" }]);
  });

  test("has etcd's form", () => {
    membership.apply(v1(AddNode, 0x156230edda68d6cn, memberJson(member(0x156230edda68d6cn, 9))));
    expect(row("members", "156230edda68d6c")).toBe('{"id":96302988790238572,"peerURLs":["http://127.0.0.1:9"]}');
    membership.setDowngrade({ isEnabled: false, targetVersion: "" });
    expect(row("cluster", "downgrade")).toBe('{"target-version":"","enabled":false}');
    expect(parseDowngrade('{"target-version":"3.5.0","enabled":true}')).toEqual({
      targetVersion: "3.5.0",
      isEnabled: true,
    });
    expect(membership.setClusterVersion("3.6.0")).toEqual([
      { kind: "cluster-version-changed", version: "3.6.0", previous: undefined },
    ]);
  });
});
