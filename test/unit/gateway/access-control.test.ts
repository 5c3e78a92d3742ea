import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { accessControl, type AccessControlOptions } from "../../../server/gateway/access-control.ts";

const OPEN: AccessControlOptions = {
  cors: ["*"],
  hostWhitelist: ["*"],
  refusesNamedCertificates: () => false,
  onRefusedHost: () => {},
};

interface Outcome {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  /** The path with which the request went on. */
  readonly passed: string | undefined;
}

function ask(options: Partial<AccessControlOptions>, request: Partial<IncomingMessage>): Outcome {
  const headers: Record<string, unknown> = {};
  let status: number | undefined;
  let passed: string | undefined;
  const response = {
    setHeader: (name: string, value: unknown) => (headers[name] = value),
    writeHead: (code: number) => (status = code),
    end: () => undefined,
  } as unknown as ServerResponse;
  const asked = { method: "POST", url: "/v3/kv/range", headers: {}, socket: {}, ...request } as IncomingMessage;
  accessControl({ ...OPEN, ...options }, ({ url }) => (passed = url))(asked, response);
  return { status, headers, passed };
}

describe("plain HTTP on the client port", () => {
  test.each<[readonly string[], string | undefined, string | undefined]>([
    [["*"], "http://a", "*"],
    [[], "http://a", "*"],
    [["http://a", "http://b"], "http://b", "http://b"],
    [["http://a"], "http://b", undefined],
    [["http://a"], undefined, undefined],
  ])("with --cors %j, a page from %j may read what is for %j", (cors, origin, allowed) => {
    const { headers, passed } = ask({ cors }, { headers: { origin } });
    expect(headers["Access-Control-Allow-Origin"]).toBe(allowed);
    expect(passed).toBe("/v3/kv/range");
  });

  test.each<[readonly string[], string, boolean]>([
    [["*"], "anything:2379", true],
    [["good", "10.0.0.1", "::1"], "good:2379", true],
    [["good", "10.0.0.1", "::1"], "good", true],
    [["good", "10.0.0.1", "::1"], "[::1]:2379", true],
    [["good"], "bad:2379", false],
    [["good"], "", false],
  ])("with --host-whitelist %j a request for %j passes: %j", (hostWhitelist, host, isAllowed) => {
    const refused: string[] = [];
    const { status, passed } = ask(
      { hostWhitelist, onRefusedHost: (name) => refused.push(name) },
      { headers: { host } },
    );
    expect([status, passed !== undefined, refused.length]).toEqual(isAllowed ? [undefined, true, 0] : [421, false, 1]);
  });

  test("a browser's question what it may do is answered here", () => {
    expect(ask({}, { method: "OPTIONS" })).toMatchObject({ status: 200, passed: undefined });
  });

  test("the gateway's old place leads to its new one", () => {
    expect(ask({}, { url: "/v3beta/kv/put" }).passed).toBe("/v3/kv/put");
  });
});
