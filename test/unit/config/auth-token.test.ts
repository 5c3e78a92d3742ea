import { describe, expect, test } from "vitest";
import { refused, run, warningsOf } from "./load.ts";

describe("--auth-token", () => {
  test.each([
    ["", { kind: "simple" }],
    ["--auth-token=simple", { kind: "simple" }],
    ["--auth-token=", { kind: "none" }],
    [
      "--auth-token=jwt,sign-method=RS256,priv-key=/k,pub-key=/p,ttl=1h30m",
      { kind: "jwt", signMethod: "RS256", privateKeyFile: "/k", publicKeyFile: "/p", ttlMs: 5_400_000, unknown: [] },
    ],
    [
      "--auth-token=jwt,sign-method=HS256,priv-key=/k,pub-key=,other=x",
      { kind: "jwt", signMethod: "HS256", publicKeyFile: undefined, ttlMs: 300_000, unknown: ["other"] },
    ],
  ])("%j", (line, authToken) => {
    expect(run(line).authToken).toMatchObject(authToken);
  });

  test.each([
    ["other", 'there are no tokens of kind "other": use "simple" or "jwt"'],
    ["jwt,priv-key=/k", "jwt needs a sign-method, such as sign-method=RS256"],
    ["jwt,sign-method", '"sign-method" is not name=value'],
    ["jwt,sign-method=a=b", '"sign-method=a=b" is not name=value'],
    ["jwt,sign-method=a,sign-method=b", "sign-method is given twice"],
    ["jwt,sign-method=RS256,ttl=5", 'ttl is "5": it has to be a duration such as 5m'],
  ])("%j is refused", (text, why) => {
    const message = `--auth-token: auth: invalid auth options: ${why}`;
    expect(refused(`--auth-token=${text}`)).toEqual({ exitCode: 1, message });
  });

  test("an option that means nothing is warned of", () => {
    const line = "--auth-token=jwt,sign-method=RS256,priv-key=/k,other=x";
    expect(warningsOf(line)).toContain("unknown JWT options | other");
  });
});

describe("--bcrypt-cost", () => {
  test.each([
    ["4", 4],
    ["31", 31],
    ["3", 10],
    ["32", 10],
  ])("%s works as %i", (text, cost) => {
    expect(run(`--bcrypt-cost=${text}`).bcryptCost).toBe(cost);
  });

  test("a cost that bcrypt does not have is warned of", () => {
    const warning = "use default bcrypt cost instead of the invalid given cost | 99 | 10";
    expect(warningsOf("--bcrypt-cost=99")).toContain(warning);
  });
});
