import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { httpHandler, type HttpSources } from "../../../server/gateway/http-handler.ts";

async function get(path: string, sources: Partial<HttpSources>, method = "GET"): Promise<readonly [number, string]> {
  const answered = Promise.withResolvers<readonly [number, string]>();
  let status = 0;
  const response = {
    setHeader: () => undefined,
    writeHead: (code: number) => (status = code),
    end: (body: string) => {
      answered.resolve([status, body]);
    },
  } as unknown as ServerResponse;
  httpHandler(sources as HttpSources)({ url: path, method } as IncomingMessage, response);
  return answered.promise;
}

const debugVariables = () => ({ cmdline: ["etcd", "--name=a"], "raft.status": { term: 2 } });

test("the process's variables are shown one a line, and are sound JSON", async () => {
  const [status, body] = await get("/debug/vars", { debugVariables });
  expect(status).toBe(200);
  expect(body).toBe('{\n"cmdline": ["etcd","--name=a"],\n"raft.status": {"term":2}\n}\n');
  expect(JSON.parse(body)).toEqual(debugVariables());
});

test.each(["/debug/requests", "/debug", "/nothing"])("%s is not there", async (path) => {
  expect(await get(path, { debugVariables })).toEqual([404, "404 page not found\n"]);
});

test("a member without variables has no such page, and nothing is posted to it", async () => {
  expect((await get("/debug/vars", {}))[0]).toBe(404);
  expect((await get("/debug/vars", { debugVariables }, "POST"))[0]).toBe(405);
});
