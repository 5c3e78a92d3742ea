import { expect, test } from "vitest";
import { Login } from "../../../server/client/login.ts";
import { Code, RpcError } from "../../../server/rpc/status.ts";

const EXPIRED = new RpcError(Code.UNAUTHENTICATED, "etcdserver: invalid auth token");
const OLD = new RpcError(Code.INVALID_ARGUMENT, "etcdserver: revision of auth store is old");

function counted() {
  let logins = 0;
  return { login: new Login(async () => `token ${String(++logins)}`), logins: () => logins };
}

test("calls that begin together share one login, and later ones use its token", async () => {
  const { login, logins } = counted();
  const seen = await Promise.all([1, 2, 3].map(() => login.call(async (metadata) => metadata["token"])));
  expect(seen).toEqual(["token 1", "token 1", "token 1"]);
  expect(await login.call(async (metadata) => metadata["token"])).toBe("token 1");
  expect(logins()).toBe(1);
  expect(login.metadata).toEqual({ token: "token 1" });
});

test.each([EXPIRED, OLD])("a call whose token is refused (%s) is made once more with a new one", async (refusal) => {
  const { login } = counted();
  const seen: string[] = [];
  const answer = await login.call(async ({ token = "" }) => {
    seen.push(token);
    if (token === "token 1") throw refusal;
    return "done";
  });
  expect([answer, seen]).toEqual(["done", ["token 1", "token 2"]]);
});

test("calls that are refused together log in once", async () => {
  const { login, logins } = counted();
  const call = () =>
    login.call(async ({ token = "" }) => {
      await Promise.resolve();
      if (token === "token 1") throw EXPIRED;
      return token;
    });
  expect(await Promise.all([call(), call(), call()])).toEqual(["token 2", "token 2", "token 2"]);
  expect(logins()).toBe(2);
});

test("a second refusal, and every other failure, is the caller's", async () => {
  const { login } = counted();
  await expect(login.call(() => Promise.reject(EXPIRED))).rejects.toBe(EXPIRED);
  const denied = new RpcError(Code.PERMISSION_DENIED, "etcdserver: permission denied");
  await expect(login.call(() => Promise.reject(denied))).rejects.toBe(denied);
});

test("a login that fails is tried again by the next call", async () => {
  let attempts = 0;
  const login = new Login(async () => {
    if (++attempts === 1) throw new RpcError(Code.UNAVAILABLE, "away");
    return "token";
  });
  await expect(login.call(async () => "never")).rejects.toThrow("away");
  expect(await login.call(async (metadata) => metadata)).toEqual({ token: "token" });
});

test("without a user there is no token, and a refusal is an answer", async () => {
  const login = new Login(undefined);
  expect(await login.call(async (metadata) => metadata)).toEqual({});
  let calls = 0;
  const refused = login.call(() => {
    calls++;
    return Promise.reject(EXPIRED);
  });
  await expect(refused).rejects.toBe(EXPIRED);
  expect(calls).toBe(1);
});
