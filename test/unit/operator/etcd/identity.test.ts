import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { askIdentity, sendPermit } from "../../../../operator/etcd/identity.ts";

async function peerPort(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString()));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === "object" ? address?.port : 0)}`;
}

const waiting = { podName: "x-0", podUid: "u0", clusterUid: "c", phase: "Waiting", volume: "Empty" };
const running = { ...waiting, phase: "Running", volume: "Owned", memberId: "a0", etcdClusterId: "c1" };

test.each([waiting, running, { ...waiting, volume: "Foreign", message: "the volume belongs to y-0" }])(
  "an identity is read as it is: %o",
  async (identity) => {
    const url = await peerPort((request, response) => {
      expect([request.method, request.url]).toEqual(["GET", "/kvorum/v1/identity"]);
      response.end(JSON.stringify({ ...identity, somethingNew: 1 }));
    });
    expect(await askIdentity(url)).toEqual({ kind: "Identity", identity });
  },
);

test.each([
  ["a status", (response: ServerResponse) => response.writeHead(404).end("404 page not found"), "status 404"],
  ["no JSON", (response: ServerResponse) => response.end("hello"), "the answer is no identity"],
  ["null", (response: ServerResponse) => response.end("null"), "the answer is no identity"],
  [
    "an unknown phase",
    (response: ServerResponse) => response.end(JSON.stringify({ ...waiting, phase: "Dreaming" })),
    "the answer is no identity",
  ],
  [
    "no uid",
    (response: ServerResponse) => response.end(JSON.stringify({ ...waiting, podUid: undefined })),
    "the answer is no identity",
  ],
  ["too much", (response: ServerResponse) => response.end("x".repeat(70_000)), "the answer is too long"],
  ["another place", (response: ServerResponse) => response.writeHead(302, { location: "/" }).end(), "redirect"],
] as const)("an answer with %s is nobody we know", async (_what, answer, reason) => {
  const url = await peerPort((_request, response) => {
    answer(response);
  });
  const result = await askIdentity(url);
  expect(result).toMatchObject({ kind: "Unreachable", message: expect.stringContaining(reason) as string });
});

test("a pod where nobody listens is unreachable, with the reason", async () => {
  const nobody = await askIdentity("http://127.0.0.1:1");
  expect(nobody.kind).toBe("Unreachable");
  expect(await sendPermit("http://127.0.0.1:1", { payload: "", signature: "" })).toMatchObject({
    kind: "Unreachable",
  });
});

test("a permit is taken, refused with the pod's reason, or its fate is unknown", async () => {
  const permit = { payload: "cGF5bG9hZA==", signature: "c2lnbmF0dXJl" };
  let status = 200;
  let body = "{}";
  const bodies: string[] = [];
  const url = await peerPort((request, response, sent) => {
    expect([request.method, request.url]).toEqual(["POST", "/kvorum/v1/permit"]);
    bodies.push(sent);
    response.writeHead(status).end(body);
  });
  expect(await sendPermit(url, permit)).toEqual({ kind: "Taken" });
  expect(bodies.map((text) => JSON.parse(text) as unknown)).toEqual([permit]);
  [status, body] = [403, '{"error":"the signature is not the operator\'s"}'];
  expect(await sendPermit(url, permit)).toEqual({ kind: "Refused", message: "the signature is not the operator's" });
  [status, body] = [409, "not JSON"];
  expect(await sendPermit(url, permit)).toEqual({ kind: "Refused", message: "status 409" });
  [status, body] = [500, ""];
  expect(await sendPermit(url, permit)).toMatchObject({ kind: "Unreachable" });
});
