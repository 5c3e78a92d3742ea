import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { gatewayAnswers, type GatewayAnswer } from "./gateway-answers.ts";

/** Recorded from real etcd; RECORD=1 writes it anew. */
const GOLDEN = join(import.meta.dirname, "gateway-answers.json");

function golden(): readonly GatewayAnswer[] {
  return JSON.parse(readFileSync(GOLDEN, "utf8")) as readonly GatewayAnswer[];
}

test("real etcd answers the table of calls as recorded", async () => {
  const { endpoint } = await startEtcd(tempFolder());
  const answers = await gatewayAnswers(endpoint);
  if (process.env["RECORD"] === "1") writeFileSync(GOLDEN, `${JSON.stringify(answers, undefined, 2)}\n`);
  expect(answers).toEqual(golden());
});

test("the gateway answers every call as etcd does", async () => {
  const { endpoint } = await startKvorum(tempFolder());
  const answers = await gatewayAnswers(endpoint);
  const expected = golden();
  expect(answers).toHaveLength(expected.length);
  expect(answers.filter((answer, at) => JSON.stringify(answer) !== JSON.stringify(expected[at]))).toEqual(
    expected.filter((answer, at) => JSON.stringify(answer) !== JSON.stringify(answers[at])),
  );
});

test.each<[string, (folder: string) => Promise<{ readonly endpoint: string }>]>([
  ["etcd", startEtcd],
  ["Kvorum", startKvorum],
])("a WebSocket carries a stream: %s", async (_, start) => {
  const { endpoint } = await start(tempFolder());
  const socket = new WebSocket(`${endpoint.replace("http", "ws")}/v3/watch`, ["Bearer", "none"]);
  const messages: unknown[] = [];
  const waiting: ((message: unknown) => void)[] = [];
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(String(data)) as { readonly result: { readonly header?: unknown } };
    delete (message.result as { header?: unknown }).header;
    const wake = waiting.shift();
    if (wake) wake(message);
    else messages.push(message);
  });
  const next = (): Promise<unknown> =>
    new Promise((resolve) => {
      if (messages.length > 0) resolve(messages.shift());
      else waiting.push(resolve);
    });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  expect(socket.protocol).toBe("Bearer");
  socket.send(JSON.stringify({ create_request: { key: "Zm9v" } }));
  expect(await next()).toEqual({ result: { created: true } });
  await fetch(`${endpoint}/v3/kv/put`, { method: "POST", body: JSON.stringify({ key: "Zm9v", value: "YmFy" }) });
  const kv = { key: "Zm9v", value: "YmFy", create_revision: "2", mod_revision: "2", version: "1" };
  expect(await next()).toEqual({ result: { events: [{ kv }] } });
  socket.send(JSON.stringify({ cancel_request: { watch_id: 0 } }));
  expect(await next()).toEqual({ result: { canceled: true } });
  socket.close();
});
