import { beforeEach, describe, expect, test } from "vitest";
import type { Fault } from "../../../server/base/domain-error.ts";
import { Permission_Type as Type } from "../../../server/proto/gen/auth_pb.js";
import {
  AuthenticateResponseSchema,
  AuthRoleGetResponseSchema,
  AuthRoleListResponseSchema,
  AuthStatusResponseSchema,
  AuthUserGetResponseSchema,
  AuthUserListResponseSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { bytes, TestMachine, type RequestInit } from "../../support/test-machine.ts";

let m: TestMachine;

type Command = Omit<RequestInit, "$typeName" | "$unknown" | "header">;

/** alice may read and write `a…` (below `b`), only read `r`, and only write `w`; auth is on. */
beforeEach(() => {
  m = new TestMachine();
  m.put("a1", "1", 0n);
  m.apply({ leaseGrant: { ID: 1n, TTL: 60n } });
  m.apply({ leaseGrant: { ID: 2n, TTL: 60n } });
  m.put("a2", "2", 1n);
  m.put("x", "3", 2n);
  m.apply({ authUserAdd: { name: "root" } });
  m.apply({ authUserGrantRole: { user: "root", role: "root" } });
  m.apply({ authUserAdd: { name: "alice" } });
  m.apply({ authRoleAdd: { name: "reader" } });
  const grant = (permType: Type, key: string, rangeEnd = ""): void => {
    const perm = { permType, key: bytes(key), rangeEnd: bytes(rangeEnd) };
    expect(m.apply({ authRoleGrantPermission: { name: "reader", perm } }).fault).toBe(undefined);
  };
  grant(Type.READWRITE, "a", "b");
  grant(Type.READ, "r");
  grant(Type.WRITE, "w");
  m.apply({ authUserGrantRole: { user: "alice", role: "reader" } });
  expect(m.apply({ authEnable: {} })).toMatchObject({ fault: undefined, facts: [{ kind: "auth-enabled" }] });
});

function asUser(username: string, request: Command): RequestInit {
  const authRevision = username === "" ? 0n : BigInt(m.machine.auth.revision);
  return { ...request, header: { ID: 1n, username, authRevision } };
}

function faultFor(username: string, request: Command): Fault | undefined {
  return m.apply(asUser(username, request)).fault;
}

function factsFor(request: Command) {
  return m.apply(asUser("root", request)).facts;
}

const key = (name: string, rangeEnd = "") => ({ key: bytes(name), rangeEnd: bytes(rangeEnd) });
const putOp = (name: string, more: object = {}) => ({
  request: { case: "requestPut" as const, value: { key: bytes(name), value: bytes("v"), ...more } },
});
const rangeOp = (name: string) => ({ request: { case: "requestRange" as const, value: key(name) } });
const deleteOp = (name: string, more: object = {}) => ({
  request: { case: "requestDeleteRange" as const, value: { ...key(name), ...more } },
});

describe("keys", () => {
  test.each<[what: string, request: Command, fault: Fault | undefined]>([
    ["putting what may be written", { put: { key: bytes("a1") } }, undefined],
    ["putting what may only be read", { put: { key: bytes("r") } }, "permission-denied"],
    [
      "putting with the former value of what may not be read",
      { put: { key: bytes("w"), prevKv: true } },
      "permission-denied",
    ],
    ["putting what may only be written", { put: { key: bytes("w") } }, undefined],
    ["putting under a lease whose keys may be written", { put: { key: bytes("a3"), lease: 1n } }, undefined],
    ["putting under a lease of somebody else", { put: { key: bytes("a3"), lease: 2n } }, "permission-denied"],
    ["putting under a lease that is not there", { put: { key: bytes("a3"), lease: 9n } }, "lease-not-found"],
    ["ranging over what may be read", { range: key("a1", "b") }, undefined],
    ["ranging over more", { range: key("a1", "c") }, "permission-denied"],
    ["ranging over what may only be written", { range: key("w") }, "permission-denied"],
    ["deleting what may be written", { deleteRange: key("a", "b") }, undefined],
    ["deleting more", { deleteRange: key("a", "\0") }, "permission-denied"],
    [
      "deleting with the former values of what may not be read",
      { deleteRange: { ...key("w"), prevKv: true } },
      "permission-denied",
    ],
    ["revoking a lease whose keys may be written", { leaseRevoke: { ID: 1n } }, undefined],
    ["revoking a lease of somebody else", { leaseRevoke: { ID: 2n } }, "permission-denied"],
    ["revoking a lease that is not there", { leaseRevoke: { ID: 9n } }, "lease-not-found"],
    [
      "a txn that is allowed",
      { txn: { compare: [key("r")], success: [putOp("w")], failure: [rangeOp("a1")] } },
      undefined,
    ],
    ["a compare of what may not be read", { txn: { compare: [key("w")] } }, "permission-denied"],
    ["a compare of a range that may not be read", { txn: { compare: [key("a", "z")] } }, "permission-denied"],
    ["a success that is not allowed", { txn: { success: [putOp("r")] } }, "permission-denied"],
    ["a failure that is not allowed and not run", { txn: { failure: [rangeOp("w")] } }, "permission-denied"],
    ["a deletion in a txn", { txn: { success: [deleteOp("r")] } }, "permission-denied"],
    ["a former value in a txn", { txn: { success: [deleteOp("w", { prevKv: true })] } }, "permission-denied"],
    ["a lease in a txn", { txn: { success: [putOp("a1", { lease: 2n })] } }, "permission-denied"],
    [
      "a txn within a txn",
      { txn: { failure: [{ request: { case: "requestTxn", value: { success: [rangeOp("x")] } } }] } },
      "permission-denied",
    ],
  ])("%s", (_, request, fault) => {
    const { currentRevision } = m.machine.mvcc;
    expect(faultFor("alice", request)).toBe(fault);
    if (fault === "permission-denied") expect(m.machine.mvcc.currentRevision).toBe(currentRevision);
    if (fault === "permission-denied") expect(faultFor("root", request)).toBe(undefined);
  });

  test("who has not said who it is, is told so", () => {
    expect(faultFor("", { put: { key: bytes("a1") } })).toBe("user-empty");
    expect(faultFor("", { range: key("a1") })).toBe("user-empty");
    expect(faultFor("", { txn: { compare: [key("a1")] } })).toBe("user-empty");
    expect(faultFor("", { leaseRevoke: { ID: 1n } })).toBe("user-empty");
  });

  test("a request from before a change of users and roles is refused, whoever asks", () => {
    const before = asUser("root", { put: { key: bytes("a1") } });
    m.apply(asUser("root", { authRoleAdd: { name: "new" } }));
    expect(m.apply(before).fault).toBe("auth-old-revision");
  });

  test("what members do for themselves needs nobody", () => {
    expect(m.apply({ leaseGrant: { ID: 5n, TTL: 60n } }).fault).toBe(undefined);
    expect(m.apply({ compaction: { revision: 2n } }).fault).toBe(undefined);
    expect(m.apply({ alarm: { action: 1, memberID: 1n, alarm: 1 } }).fault).toBe(undefined);
    expect(m.apply({ clusterVersionSet: { ver: "3.6.0" } }).fault).toBe(undefined);
  });
});

describe("users and roles", () => {
  test.each<[what: string, request: Command]>([
    ["switching auth on", { authEnable: {} }],
    ["switching auth off", { authDisable: {} }],
    ["asking for the state", { authStatus: {} }],
    ["adding a user", { authUserAdd: { name: "new" } }],
    ["deleting a user", { authUserDelete: { name: "alice" } }],
    ["a new password, also for oneself", { authUserChangePassword: { name: "alice" } }],
    ["granting a role", { authUserGrantRole: { user: "alice", role: "root" } }],
    ["revoking a role", { authUserRevokeRole: { name: "alice", role: "reader" } }],
    ["looking at somebody else", { authUserGet: { name: "root" } }],
    ["listing users", { authUserList: {} }],
    ["adding a role", { authRoleAdd: { name: "new" } }],
    ["deleting a role", { authRoleDelete: { role: "reader" } }],
    ["granting a permission", { authRoleGrantPermission: { name: "reader", perm: key("z") } }],
    ["revoking a permission", { authRoleRevokePermission: { role: "reader", ...key("r") } }],
    ["listing roles", { authRoleList: {} }],
  ])("%s is for root alone", (_, request) => {
    expect(faultFor("alice", request)).toBe("permission-denied");
    expect(faultFor("", request)).toBe("user-empty");
    expect(faultFor("nobody", request)).toBe("user-not-found");
    expect(faultFor("root", request)).toBe(undefined);
  });

  test("everybody sees themselves and their own roles", () => {
    const own = m.answer(AuthUserGetResponseSchema, asUser("alice", { authUserGet: { name: "alice" } }));
    expect(own.roles).toEqual(["reader"]);
    const role = m.answer(AuthRoleGetResponseSchema, asUser("alice", { authRoleGet: { role: "reader" } }));
    expect(role.perm.length).toBe(3);
    m.apply(asUser("root", { authRoleAdd: { name: "other" } }));
    expect(faultFor("alice", { authRoleGet: { role: "other" } })).toBe("permission-denied");
  });

  test("root sees everything", () => {
    expect(m.answer(AuthUserListResponseSchema, asUser("root", { authUserList: {} })).users).toEqual(["alice", "root"]);
    expect(m.answer(AuthRoleListResponseSchema, asUser("root", { authRoleList: {} })).roles).toEqual(["reader"]);
    const { enabled, authRevision, header } = m.answer(AuthStatusResponseSchema, asUser("root", { authStatus: {} }));
    expect([enabled, Number(authRevision)]).toEqual([true, m.machine.auth.revision]);
    expect(Number(header?.revision)).toBe(m.machine.mvcc.currentRevision);
  });
});

describe("logins", () => {
  test("the token is the prefix with the entry's index, and every member learns it", () => {
    const { facts, response } = m.apply({ authenticate: { name: "alice", simpleToken: "abcdefghijklmnop" } });
    const token = `abcdefghijklmnop.${m.machine.consistentIndex}`;
    expect(facts).toEqual([{ kind: "logged-in", username: "alice", token }]);
    expect(m.resolve(response!)).toMatchObject({ token });
  });

  test("a signed token is made elsewhere: nothing is to be learned", () => {
    const request = { authenticate: { name: "alice" } };
    expect(m.apply(request).facts).toEqual([]);
    expect(m.answer(AuthenticateResponseSchema, request).token).toBe("");
  });

  test("nobody logs in who cannot", () => {
    m.apply(asUser("root", { authUserAdd: { name: "certificate", options: { noPassword: true } } }));
    expect(m.apply({ authenticate: { name: "certificate", simpleToken: "x" } }).fault).toBe("auth-failed");
    expect(m.apply({ authenticate: { name: "x", simpleToken: "x" } }).fault).toBe("auth-failed");
    m.apply(asUser("root", { authDisable: {} }));
    expect(m.apply({ authenticate: { name: "alice", simpleToken: "x" } }).fault).toBe("auth-not-enabled");
  });

  test("a new password and a deletion end what was logged in; switching auth off ends it for all", () => {
    expect(factsFor({ authUserChangePassword: { name: "alice" } })).toEqual([
      { kind: "logins-ended", username: "alice" },
    ]);
    expect(factsFor({ authUserDelete: { name: "alice" } })).toEqual([{ kind: "logins-ended", username: "alice" }]);
    expect(factsFor({ authDisable: {} })).toEqual([{ kind: "auth-disabled" }]);
    expect(factsFor({ authDisable: {} })).toEqual([]);
  });
});

test("a restarted member knows users, roles and that auth is on", () => {
  const next = m.restarted();
  expect([next.machine.auth.isEnabled, next.machine.auth.revision]).toEqual([true, m.machine.auth.revision]);
  expect(next.machine.auth.user("alice").roles).toEqual(["reader"]);
  m = next;
  expect(faultFor("alice", { put: { key: bytes("r") } })).toBe("permission-denied");
});
