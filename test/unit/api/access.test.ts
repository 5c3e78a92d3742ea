import { beforeEach, describe, expect, test } from "vitest";
import { Access, type TokenScheme } from "../../../server/api/access.ts";
import { login } from "../../../server/api/login.ts";
import { watchRefusal } from "../../../server/api/watch-refusal.ts";
import { NOBODY, type Caller } from "../../../server/auth/caller.ts";
import { AppliedIndex } from "../../../server/node/applied-index.ts";
import { Logins } from "../../../server/node/logins.ts";
import type { Node } from "../../../server/node/node.ts";
import type { Command } from "../../../server/node/proposals.ts";
import type { TokenClaims } from "../../../server/ports/token-signer.ts";
import { WatchCreateRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { create } from "@bufbuild/protobuf";
import type { CallContext } from "../../../server/rpc/service.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { bytes, TestMachine } from "../../support/test-machine.ts";

let m: TestMachine;
let node: Node;
let logins: Logins;
let proposed: Command[];

/** alice may read `a`; auth is on. */
beforeEach(() => {
  m = new TestMachine();
  proposed = [];
  logins = new Logins({ clock: new ManualClock(), applied: new AppliedIndex(100), ttlMs: 300_000, timeoutMs: 7000 });
  for (const request of [
    { authUserAdd: { name: "root" } },
    { authUserGrantRole: { user: "root", role: "root" } },
    { authUserAdd: { name: "alice", hashedPassword: Buffer.from("hash of alice").toString("base64") } },
    { authUserAdd: { name: "certificate", options: { noPassword: true } } },
    { authRoleAdd: { name: "reader" } },
    { authRoleGrantPermission: { name: "reader", perm: { key: bytes("a") } } },
    { authUserGrantRole: { user: "alice", role: "reader" } },
    { authEnable: {} },
  ]) {
    m.apply(request);
  }
  node = {
    machine: m.machine,
    logins,
    logger: silentLogger,
    clusterId: 1n,
    selfId: 2n,
    raftStatus: { term: 3 },
    linearizable: async () => undefined,
    quotaAllows: () => true,
    resolve: (deferred: Parameters<TestMachine["resolve"]>[0]) => m.resolve(deferred),
    propose: async (command: Command) => {
      proposed.push(command);
      const outcome = m.apply(command);
      for (const fact of outcome.facts) if (fact.kind === "logged-in") logins.add(fact.username, fact.token);
      return outcome;
    },
  } as unknown as Node;
});

interface Call extends CallContext {
  isCancelled: boolean;
}

function callWith(metadata: Readonly<Record<string, string>>, commonName?: string): Call {
  return {
    metadata: (key) => metadata[key],
    peerCommonName: () => commonName,
    isCancelled: false,
    onCancelled: () => undefined,
  };
}

function accessWith(tokens: TokenScheme = { kind: "simple" }, trustsCertificates = false): Access {
  return new Access({ node, tokens, trustsCertificates });
}

const signer = (claims: TokenClaims, canSign = true): TokenScheme => ({
  kind: "signed",
  signer: {
    canSign,
    sign: async ({ username, revision }) => `signed ${username} ${revision}`,
    verify: (token) => (token === "signed" ? claims : undefined),
  },
});

const now = (username: string): Caller => ({ username, revision: m.machine.auth.revision });

/** Passes for who may read `a`. */
function checkRead(caller: Caller): void {
  m.machine.auth.rights.checkRead(caller, { key: bytes("a"), rangeEnd: bytes("") });
}

/** Takes a password for right if it is `right`; `onMatch` happens while it looks. */
function loginAs(name: string, password: string, tokens?: TokenScheme, onMatch: () => void = () => undefined) {
  const hasher = {
    hash: async () => "",
    matches: async (given: string, hash: string) => {
      onMatch();
      return given === "right" && hash === "hash of alice";
    },
  };
  const options = { node, access: accessWith(tokens), hasher, newPrefix: () => "prefix" };
  return login(options, { $typeName: "etcdserverpb.AuthenticateRequest", name, password }, callWith({}));
}

describe("who calls", () => {
  test("is told by the first of several tokens, which arrive joined", async () => {
    logins.add("alice", "abc.1");
    const access = accessWith();
    expect(await access.caller(callWith({ token: "abc.1, abc.1" }))).toEqual(now("alice"));
  });

  test("is told by a simple token, in either place, at the present revision", async () => {
    logins.add("alice", "abc.1");
    const access = accessWith();
    expect(await access.caller(callWith({ token: "abc.1" }))).toEqual(now("alice"));
    expect(await access.caller(callWith({ authorization: "abc.1" }))).toEqual(now("alice"));
    expect(await access.caller(callWith({ authorization: "Bearer abc.1" }))).toEqual(now("alice"));
    await expect(access.caller(callWith({ token: "", authorization: "abc.1" }))).rejects.toMatchObject({
      fault: "invalid-auth-token",
    });
  });

  test("is told by a signed token, at the revision that it says", async () => {
    const access = accessWith(signer({ username: "alice", revision: 3 }));
    expect(await access.caller(callWith({ token: "signed" }))).toEqual({ username: "alice", revision: 3 });
    await expect(access.caller(callWith({ token: "abc.1" }))).rejects.toMatchObject({ fault: "invalid-auth-token" });
  });

  test("is told by a certificate where those are trusted, unless a proxy shows it or there is a token", async () => {
    const certified = callWith({}, "certificate");
    expect(await accessWith(undefined, true).caller(certified)).toEqual(now("certificate"));
    expect(await accessWith(undefined, false).caller(certified)).toBe(NOBODY);
    expect(await accessWith(undefined, true).caller(callWith({ "grpcgateway-accept": "x" }, "certificate"))).toBe(
      NOBODY,
    );
    logins.add("alice", "abc.1");
    expect(await accessWith(undefined, true).caller(callWith({ token: "abc.1" }, "certificate"))).toEqual(now("alice"));
  });

  test("no token is good where none are given out", async () => {
    const none = accessWith({ kind: "none" });
    await expect(none.caller(callWith({ token: "abc.1" }))).rejects.toMatchObject({ fault: "invalid-auth-token" });
  });

  test("does not matter while auth is off", async () => {
    m.machine.auth.disable();
    const access = accessWith();
    expect(await access.caller(callWith({ token: "nonsense" }))).toBe(NOBODY);
    await expect(access.requireCaller(callWith({}))).resolves.toBe(NOBODY);
    await expect(access.requireAdmin(callWith({ token: "nonsense" }))).resolves.toBe(undefined);
  });
});

describe("what is asked for", () => {
  test("needs somebody, or root", async () => {
    const access = accessWith();
    logins.add("alice", "a.1");
    logins.add("root", "r.1");
    await expect(access.requireCaller(callWith({}))).rejects.toMatchObject({ fault: "user-empty" });
    await expect(access.requireCaller(callWith({ token: "a.1" }))).resolves.toEqual(now("alice"));
    await expect(access.requireAdmin(callWith({}))).rejects.toMatchObject({ fault: "user-empty" });
    await expect(access.requireAdmin(callWith({ token: "a.1" }))).rejects.toMatchObject({ fault: "permission-denied" });
    await expect(access.requireAdmin(callWith({ token: "r.1" }))).resolves.toBe(undefined);
  });

  test("is read for who may, and is of no use once users or roles have changed meanwhile", async () => {
    const access = accessWith();
    logins.add("alice", "a.1");
    const call = callWith({ token: "a.1" });
    expect(await access.readFor(call, checkRead, () => "read")).toBe("read");
    const changing = access.readFor(call, checkRead, () => {
      m.machine.auth.addRole("new");
      return "read";
    });
    await expect(changing).rejects.toMatchObject({ fault: "auth-old-revision" });
    await expect(access.readFor(callWith({}), checkRead, () => "read")).rejects.toMatchObject({ fault: "user-empty" });
  });

  test.each([
    ["a.1", "a", undefined],
    ["a.1", "b", "rpc error: code = PermissionDenied desc = etcdserver: permission denied"],
    ["a.1", "", "rpc error: code = PermissionDenied desc = etcdserver: permission denied"],
    ["x.1", "a", "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token"],
    [undefined, "a", "rpc error: code = InvalidArgument desc = etcdserver: user name is empty"],
  ])("a watch with token %s of %j is refused with %j", async (token, key, reason) => {
    logins.add("alice", "a.1");
    const request = create(WatchCreateRequestSchema, { key: bytes(key) });
    const call = callWith(token === undefined ? {} : { token });
    expect(await watchRefusal(node, accessWith(), call, request)).toBe(reason);
  });

  test("a watch with a signed token from before a change is told that it is too old", async () => {
    const access = accessWith(signer({ username: "alice", revision: 1 }));
    const request = create(WatchCreateRequestSchema, { key: bytes("a") });
    const reason = "rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old";
    expect(await watchRefusal(node, access, callWith({ token: "signed" }), request)).toBe(reason);
  });
});

describe("a login", () => {
  test("gives a simple token that is known from then on", async () => {
    const { token, header } = await loginAs("alice", "right");
    expect(token).toBe(`prefix.${m.machine.consistentIndex}`);
    expect(header?.memberId).toBe(2n);
    expect(await accessWith().caller(callWith({ token }))).toEqual(now("alice"));
  });

  test("gives a signed token for the revision at which the password was right", async () => {
    const { token } = await loginAs("alice", "right", signer({ username: "", revision: 0 }));
    expect(token).toBe(`signed alice ${m.machine.auth.revision}`);
  });

  test.each([
    ["alice", "wrong", "auth-failed"],
    ["nobody", "right", "auth-failed"],
    ["certificate", "right", "no-password-user"],
  ])("of %s with a %s password fails: %s", async (name, password, fault) => {
    await expect(loginAs(name, password)).rejects.toMatchObject({ fault });
  });

  test("fails while auth is off, and where no tokens are given out", async () => {
    await expect(loginAs("alice", "right", { kind: "none" })).rejects.toMatchObject({ fault: "auth-failed" });
    const verifyOnly = signer({ username: "", revision: 0 }, false);
    await expect(loginAs("alice", "right", verifyOnly)).rejects.toThrow("token signing attempted with verify-only key");
    m.machine.auth.disable();
    await expect(loginAs("alice", "right")).rejects.toMatchObject({ fault: "auth-not-enabled" });
  });

  test("looks at the password again if users or roles change meanwhile, and gives up some time", async () => {
    let looks = 0;
    const changeOnce = (): void => {
      if (looks++ === 0) m.machine.auth.addRole("new");
    };
    await loginAs("alice", "right", undefined, changeOnce);
    expect(looks).toBe(2);
    const changeAlways = (): void => m.machine.auth.addRole(`role ${String(looks++)}`);
    await expect(loginAs("alice", "right", undefined, changeAlways)).rejects.toMatchObject({
      fault: "auth-old-revision",
    });
    expect(looks).toBe(12);
  });

  test("brings no password into the log", async () => {
    await loginAs("alice", "right");
    expect(proposed).toEqual([{ authenticate: { name: "alice", simpleToken: "prefix" } }]);
  });
});
