import * as fc from "fast-check";
import { create } from "@bufbuild/protobuf";
import { beforeEach, expect, test } from "vitest";
import { NOBODY, type Caller } from "../../../server/auth/caller.ts";
import { AuthStore } from "../../../server/auth/auth-store.ts";
import { bucketKey, splitBucketKey } from "../../../server/backend/buckets.ts";
import { WriteBuffer } from "../../../server/backend/write-buffer.ts";
import { byteString, bytesOf } from "../../../server/base/byte-string.ts";
import { DomainError, type Fault } from "../../../server/base/domain-error.ts";
import { Permission_Type as Type } from "../../../server/proto/gen/auth_pb.js";
import {
  AuthRoleGrantPermissionRequestSchema,
  AuthRoleRevokePermissionRequestSchema,
  AuthUserAddRequestSchema,
  AuthUserChangePasswordRequestSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { goldenFile } from "../../support/golden.ts";
import { bytes, text } from "../../support/test-machine.ts";

let buffer: WriteBuffer;
let store: AuthStore;
/** All rows written so far, by store key. */
let rows: Map<string, Uint8Array>;

beforeEach(() => {
  buffer = new WriteBuffer();
  store = new AuthStore(buffer);
  rows = new Map();
  store.finishLoading();
});

function flush(): void {
  for (const { key, value } of buffer.seal({ index: 0, term: 0, confState: undefined })) {
    if (value) rows.set(byteString(key), value);
    else rows.delete(byteString(key));
  }
  buffer.flushed();
}

function row(bucket: "auth" | "authRoles" | "authUsers", key: string): string | undefined {
  flush();
  const value = rows.get(byteString(bucketKey(bucket, bytes(key))));
  return value && Buffer.from(value).toString("hex");
}

function restarted(): AuthStore {
  flush();
  const next = new AuthStore(new WriteBuffer());
  for (const [storeKey, value] of rows) {
    const { bucket, key } = splitBucketKey(bytesOf(storeKey));
    if (bucket === "auth" || bucket === "authRoles" || bucket === "authUsers") next.load(bucket, key, value);
  }
  next.finishLoading();
  return next;
}

function addUser(name: string, hash = "hash", noPassword = false): void {
  const options = { noPassword };
  store.addUser(
    create(AuthUserAddRequestSchema, { name, hashedPassword: Buffer.from(hash).toString("base64"), options }),
  );
}

function grant(name: string, permType: Type, key: string, rangeEnd = ""): void {
  const perm = { permType, key: bytes(key), rangeEnd: bytes(rangeEnd) };
  store.grantPermission(create(AuthRoleGrantPermissionRequestSchema, { name, perm }));
}

function revoke(role: string, key: string, rangeEnd = ""): void {
  store.revokePermission(
    create(AuthRoleRevokePermissionRequestSchema, { role, key: bytes(key), rangeEnd: bytes(rangeEnd) }),
  );
}

function enableWithRoot(): void {
  addUser("root");
  store.grantRole("root", "root");
  store.enable();
}

function faultOf(run: () => unknown): Fault | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.fault;
    throw error;
  }
}

const keys = (key: string, rangeEnd = "") => ({ key: bytes(key), rangeEnd: bytes(rangeEnd) });
const as = (username: string): Caller => ({ username, revision: store.revision });

test("a store that never had auth is off and at revision 1, which is written", () => {
  expect([store.isEnabled, store.revision]).toEqual([false, 1]);
  expect(row("auth", "authRevision")).toBe("0000000000000001");
  expect(row("auth", "authEnabled")).toBe(undefined);
});

test("auth needs a root user that has the root role; switching it on makes no revision, switching it off does", () => {
  expect(faultOf(() => store.enable())).toBe("root-user-not-exist");
  addUser("root");
  expect(faultOf(() => store.enable())).toBe("root-role-not-exist");
  store.grantRole("root", "root");
  expect(store.revision).toBe(3);
  expect([store.enable(), store.enable(), store.revision]).toEqual([true, false, 3]);
  expect(row("auth", "authEnabled")).toBe("01");
  expect([store.disable(), store.disable(), store.revision]).toEqual([true, false, 4]);
  expect(row("auth", "authEnabled")).toBe("00");
});

test.each<[name: string, fault: Fault, run: () => void]>([
  ["a user without a name", "user-empty", () => addUser("")],
  ["a user that is there", "user-already-exist", () => addUser("root")],
  [
    "a hash that is not base64",
    "no-password-user",
    () => store.addUser(create(AuthUserAddRequestSchema, { name: "x", hashedPassword: "!" })),
  ],
  ["deleting an unknown user", "user-not-found", () => store.deleteUser("x")],
  ["deleting root while auth is on", "invalid-auth-management", () => store.deleteUser("root")],
  [
    "a password of an unknown user",
    "user-not-found",
    () => store.changePassword(create(AuthUserChangePasswordRequestSchema, { name: "x" })),
  ],
  ["a role to an unknown user", "user-not-found", () => store.grantRole("x", "root")],
  ["an unknown role", "role-not-found", () => store.grantRole("root", "x")],
  ["root's role from root", "invalid-auth-management", () => store.revokeRole("root", "root")],
  ["a role from an unknown user", "user-not-found", () => store.revokeRole("x", "r")],
  ["a role that was not granted", "role-not-granted", () => store.revokeRole("u", "r2")],
  ["a role without a name", "role-empty", () => store.addRole("")],
  ["a role that is there", "role-already-exist", () => store.addRole("r")],
  ["deleting an unknown role", "role-not-found", () => store.deleteRole("x")],
  ["deleting the root role while auth is on", "invalid-auth-management", () => store.deleteRole("root")],
  [
    "no permission",
    "permission-not-given",
    () => store.grantPermission(create(AuthRoleGrantPermissionRequestSchema, { name: "r" })),
  ],
  ["a permission for no key", "invalid-auth-management", () => grant("r", Type.READ, "")],
  ["a permission for an empty range", "invalid-auth-management", () => grant("r", Type.READ, "b", "a")],
  ["a permission to an unknown role", "role-not-found", () => grant("x", Type.READ, "a")],
  ["revoking from an unknown role", "role-not-found", () => revoke("x", "a")],
  ["revoking what was not granted", "permission-not-granted", () => revoke("r", "a", "c")],
  ["looking at an unknown user", "user-not-found", () => store.user("x")],
  ["looking at an unknown role", "role-not-found", () => store.permissionsOf("x")],
  ["looking at a root role that does not exist", "role-not-found", () => store.permissionsOf("root")],
])("%s is refused: %s, and changes nothing", (_, fault, run) => {
  enableWithRoot();
  addUser("u");
  store.addRole("r");
  store.addRole("r2");
  store.grantRole("u", "r");
  grant("r", Type.READ, "a", "b");
  flush();
  const before = [...rows];
  expect(faultOf(run)).toBe(fault);
  flush();
  expect([...rows]).toEqual(before);
});

test("root and its role may go while auth is off", () => {
  addUser("root");
  store.addRole("root");
  store.grantRole("root", "root");
  store.revokeRole("root", "root");
  store.deleteRole("root");
  store.deleteUser("root");
  expect([store.userNames, store.roleNames]).toEqual([[], []]);
});

test("a role that a user has already makes no revision; roles are kept in order", () => {
  addUser("u");
  for (const role of ["b", "a"]) store.addRole(role);
  for (const role of ["b", "a", "root"]) store.grantRole("u", role);
  const { revision } = store;
  store.grantRole("u", "a");
  expect(store.revision).toBe(revision);
  expect(store.user("u").roles).toEqual(["a", "b", "root"]);
});

test("a role that is deleted is taken from its users", () => {
  for (const user of ["u", "v"]) addUser(user);
  for (const role of ["a", "b"]) store.addRole(role);
  store.grantRole("u", "a");
  store.grantRole("u", "b");
  const { revision } = store;
  store.deleteRole("a");
  expect(store.user("u").roles).toEqual(["b"]);
  expect(store.revision).toBe(revision + 1);
});

test("permissions are kept in the order of their keys; the same keys take the new type", () => {
  store.addRole("r");
  grant("r", Type.READ, "b");
  grant("r", Type.READ, "a", "c");
  grant("r", Type.WRITE, "b");
  const listed = () =>
    store.permissionsOf("r").map(({ permType, key, rangeEnd }) => [permType, text(key), text(rangeEnd)]);
  expect(listed()).toEqual([
    [Type.READ, "a", "c"],
    [Type.WRITE, "b", ""],
  ]);
  revoke("r", "a", "c");
  expect(listed()).toEqual([[Type.WRITE, "b", ""]]);
});

test("the root role shows all keys, whatever its row says", () => {
  store.addRole("root");
  grant("root", Type.READ, "a");
  expect(store.permissionsOf("root")).toMatchObject([
    { permType: Type.READWRITE, key: bytes(""), rangeEnd: bytes("\0") },
  ]);
});

test("names are listed in the order of their bytes", () => {
  // UTF-16 has the first one behind the second.
  for (const name of ["\u{10000}", "\uffee", "b", "a"]) addUser(name);
  expect(store.userNames).toEqual(["a", "b", "\uffee", "\u{10000}"]);
});

test("only a user with a password can log in, and only while auth is on", () => {
  addUser("u", "its hash");
  addUser("certificate", "", true);
  expect(faultOf(() => store.passwordHashOf("u"))).toBe("auth-not-enabled");
  expect(faultOf(() => store.checkLogin("u"))).toBe("auth-not-enabled");
  enableWithRoot();
  expect(text(store.passwordHashOf("u"))).toBe("its hash");
  expect(faultOf(() => store.checkLogin("u"))).toBe(undefined);
  expect(faultOf(() => store.passwordHashOf("certificate"))).toBe("no-password-user");
  expect(faultOf(() => store.checkLogin("certificate"))).toBe("auth-failed");
  expect(faultOf(() => store.passwordHashOf("x"))).toBe("auth-failed");
  expect(faultOf(() => store.checkLogin("x"))).toBe("auth-failed");
});

test("a password that is changed keeps the roles; one that is cleared matches nothing", () => {
  addUser("u", "old");
  store.addRole("r");
  store.grantRole("u", "r");
  const change = (hash: string) =>
    store.changePassword(create(AuthUserChangePasswordRequestSchema, { name: "u", hashedPassword: hash }));
  change(Buffer.from("new").toString("base64"));
  expect([text(store.user("u").password), store.user("u").roles]).toEqual(["new", ["r"]]);
  change("");
  expect(store.user("u").password.length).toBe(0);
});

test("while auth is off nobody is asked", () => {
  expect(faultOf(() => store.rights.checkWrite(NOBODY, keys("a")))).toBe(undefined);
  expect(faultOf(() => store.rights.checkRead(NOBODY, keys("a")))).toBe(undefined);
  expect(faultOf(() => store.rights.checkAdmin(NOBODY))).toBe(undefined);
  expect(store.rights.isAdmin(NOBODY)).toBe(true);
});

test("reading and writing are granted apart, over all roles of a user together, and at once", () => {
  enableWithRoot();
  addUser("u");
  for (const role of ["r", "w"]) {
    store.addRole(role);
    store.grantRole("u", role);
  }
  grant("r", Type.READ, "a", "c");
  grant("w", Type.WRITE, "b", "d");
  grant("w", Type.READWRITE, "c");
  const { rights } = store;
  expect(faultOf(() => rights.checkRead(as("u"), keys("a", "c\0")))).toBe(undefined);
  expect(faultOf(() => rights.checkRead(as("u"), keys("a", "d")))).toBe("permission-denied");
  expect(faultOf(() => rights.checkWrite(as("u"), keys("b", "d")))).toBe(undefined);
  expect(faultOf(() => rights.checkWrite(as("u"), keys("a")))).toBe("permission-denied");
  revoke("r", "a", "c");
  expect(faultOf(() => rights.checkRead(as("u"), keys("a")))).toBe("permission-denied");
  store.grantRole("u", "root");
  expect(faultOf(() => rights.checkRead(as("u"), keys("\0", "\0")))).toBe(undefined);
});

test("who has proven nothing, who is not there any more, and who proved it too long ago is refused, each in its way", () => {
  enableWithRoot();
  const before = as("root");
  addUser("u");
  const { rights } = store;
  expect(faultOf(() => rights.checkRead(NOBODY, keys("a")))).toBe("user-empty");
  expect(faultOf(() => rights.checkRead(as("x"), keys("a")))).toBe("permission-denied");
  expect(faultOf(() => rights.checkRead(before, keys("a")))).toBe("auth-old-revision");
  expect(faultOf(() => rights.checkAdmin(NOBODY))).toBe("user-empty");
  expect(faultOf(() => rights.checkAdmin(as("x")))).toBe("user-not-found");
  expect(faultOf(() => rights.checkAdmin(as("u")))).toBe("permission-denied");
  // etcd does not look at the revision here.
  expect(faultOf(() => rights.checkAdmin(before))).toBe(undefined);
  expect([rights.isAdmin(as("root")), rights.isAdmin(as("u")), rights.isAdmin(NOBODY)]).toEqual([true, false, false]);
});

interface GoldenBucket {
  readonly entries: readonly { readonly keyHex: string; readonly valueHex: string }[];
}

test("etcd's rows are read, and written again byte for byte", () => {
  const golden = JSON.parse(text(goldenFile("snapshots/auth.json"))) as {
    readonly buckets: Readonly<Record<string, GoldenBucket>>;
  };
  const own = new AuthStore(buffer);
  for (const bucket of ["auth", "authRoles", "authUsers"] as const) {
    for (const { keyHex, valueHex } of golden.buckets[bucket]!.entries) {
      own.load(bucket, Buffer.from(keyHex, "hex"), Buffer.from(valueHex, "hex"));
    }
  }
  own.finishLoading();
  expect([own.isEnabled, own.userNames, own.roleNames]).toEqual([true, ["nopw", "root", "u1"], ["r1", "root"]]);
  expect(faultOf(() => own.rights.checkRead({ username: "u1", revision: own.revision }, keys("foo")))).toBe(undefined);
  store = own;
  store.addRole("new");
  for (const name of own.userNames) store.grantRole(name, "new");
  store.deleteRole("new");
  grant("r1", Type.READ, "new");
  revoke("r1", "new");
  for (const bucket of ["authRoles", "authUsers"] as const) {
    for (const { keyHex, valueHex } of golden.buckets[bucket]!.entries) {
      const name = text(Buffer.from(keyHex, "hex"));
      // The role of root alone was not touched, so its row was not written.
      if (bucket === "authUsers" || name === "r1") expect(row(bucket, name)).toBe(valueHex);
    }
  }
});

test("after a restart everything is as before, whatever was done", () => {
  const name = fc.constantFrom("root", "u", "v");
  const role = fc.constantFrom("root", "r", "s");
  const step = fc.oneof(
    name.map((user) => () => addUser(user, user, user === "v")),
    name.map((user) => () => store.deleteUser(user)),
    fc.tuple(name, role).map(
      ([user, granted]) =>
        () =>
          store.grantRole(user, granted),
    ),
    fc.tuple(name, role).map(
      ([user, revoked]) =>
        () =>
          store.revokeRole(user, revoked),
    ),
    role.map((added) => () => store.addRole(added)),
    role.map((deleted) => () => store.deleteRole(deleted)),
    fc.tuple(role, fc.constantFrom("a", "b"), fc.constantFrom("", "c", "\0")).map(
      ([granted, key, end]) =>
        () =>
          grant(granted, Type.READ, key, end),
    ),
    fc.constant(() => store.enable()),
    fc.constant(() => store.disable()),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      buffer = new WriteBuffer();
      rows = new Map();
      store = new AuthStore(buffer);
      store.finishLoading();
      for (const run of steps) faultOf(run);
      const next = restarted();
      expect([next.isEnabled, next.revision]).toEqual([store.isEnabled, store.revision]);
      expect(next.userNames.map((user) => next.user(user))).toEqual(store.userNames.map((user) => store.user(user)));
      expect(next.roleNames.map((r) => next.permissionsOf(r))).toEqual(
        store.roleNames.map((r) => store.permissionsOf(r)),
      );
      if (store.isEnabled) expect(store.user("root").roles).toContain("root");
    }),
  );
});
