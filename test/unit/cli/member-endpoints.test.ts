import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, describe, expect, test } from "vitest";
import { memberPeerHandler, type MemberEndpoints } from "../../../server/cli/member-endpoints.ts";
import { permitJson, type Permit } from "../../../server/node/permit.ts";
import { NEW, TAKER } from "../node/permit-table.ts";

const { podName, podUid, clusterUid } = TAKER;
const IDENTITY = { podName, podUid, clusterUid, phase: "Waiting", volume: "Empty", message: "waits" } as const;

/** Serves on a port of its own; resolves with its URL. */
async function serve(endpoints: Partial<MemberEndpoints> = {}): Promise<string> {
  const handler = memberPeerHandler({
    identity: () => IDENTITY,
    isSigned: () => true,
    offer: async () => undefined,
    raft: () => undefined,
    onBug: (error) => {
      throw error;
    },
    ...endpoints,
  });
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function ask(url: string, method = "GET", body?: string) {
  const response = await fetch(url, { method, ...(body !== undefined && { body }) });
  const text = await response.text();
  return { status: response.status, text };
}

const signed = (permit: unknown): string =>
  JSON.stringify({ payload: Buffer.from(JSON.stringify(permit)).toString("base64"), signature: "AA==" });

describe("the peer port of a supervised member", () => {
  test("says who it is", async () => {
    const { status, text } = await ask(`${await serve()}/kvorum/v1/identity`);
    expect([status, JSON.parse(text)]).toEqual([200, IDENTITY]);
  });

  test("hands a permit over as it was signed", async () => {
    const offered: Permit[] = [];
    const url = await serve({
      offer: async (permit) => {
        offered.push(permit);
        return undefined;
      },
    });
    expect(await ask(`${url}/kvorum/v1/permit`, "POST", signed(permitJson(NEW)))).toEqual({
      status: 200,
      text: "{}\n",
    });
    expect(offered).toEqual([NEW]);
  });

  test.each<[string, string, string, Partial<MemberEndpoints>, number, string]>([
    ["a permit that is refused", "POST", signed(permitJson(NEW)), { offer: async () => "no" }, 409, "no"],
    ["what others have signed", "POST", signed({}), { isSigned: () => false }, 403, "not the operator's"],
    ["what is signed but no permit", "POST", signed({}), {}, 400, "clusterUid is missing"],
    ["what is no JSON", "POST", "permit", {}, 400, "the body is not JSON"],
    ["what is not signed", "POST", `{"payload":"e30="}`, {}, 400, "signature is missing"],
    ["too much", "POST", " ".repeat(64 * 1024 + 1), {}, 413, "at most 65536 bytes"],
    ["a PUT", "PUT", "{}", {}, 405, "use POST"],
  ])("refuses %s with a sentence", async (_what, method, body, endpoints, status, sentence) => {
    const answer = await ask(`${await serve(endpoints)}/kvorum/v1/permit`, method, body);
    expect(answer.status).toBe(status);
    expect((JSON.parse(answer.text) as { error: string }).error).toContain(sentence);
  });

  test("looks into nothing that the operator has not signed", async () => {
    const url = await serve({ isSigned: () => false });
    expect((await ask(`${url}/kvorum/v1/permit`, "POST", signed("no permit"))).status).toBe(403);
  });

  test("cuts a sender off that does not stop", async () => {
    const url = new URL(`${await serve()}/kvorum/v1/permit`);
    const ended = await new Promise<string>((resolve) => {
      const sender = request({ host: url.hostname, port: url.port, path: url.pathname, method: "POST" });
      sender.on("error", () => resolve("cut"));
      sender.on("response", () => resolve("answered"));
      const more = (): void => {
        while (!sender.destroyed && sender.write(" ".repeat(64 * 1024)));
      };
      sender.on("drain", more);
      more();
    });
    expect(ended).toBe("cut");
  });

  test("tells peers that no member runs, and which release it is", async () => {
    const url = await serve();
    const stream = await ask(`${url}/raft/stream/message/1`);
    expect(stream).toEqual({ status: 503, text: "no member runs here: waits\n" });
    expect((await ask(`${url}/members`)).status).toBe(503);
    expect(JSON.parse((await ask(`${url}/version`)).text)).toMatchObject({ kvorum: expect.any(String) });
  });

  test("serves peers while a member runs, and the operator beside them", async () => {
    const url = await serve({ raft: () => (_request, response) => void response.end("raft") });
    for (const path of ["/members", "/version", "/raft"]) expect((await ask(url + path)).text).toBe("raft");
    expect((await ask(`${url}/kvorum/v1/identity`)).status).toBe(200);
  });
});
