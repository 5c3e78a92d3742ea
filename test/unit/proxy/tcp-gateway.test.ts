import { connect, createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import type { Remote } from "../../../server/proxy/remote-picker.ts";
import { TcpGateway } from "../../../server/proxy/tcp-gateway.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** A member that says its name to whoever has ended its side, after what it was told. */
async function member(name: string, port = 0): Promise<Remote & { readonly stop: () => Promise<void> }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = "";
    socket.on("error", () => {});
    socket.on("data", (piece) => (heard += String(piece)));
    socket.on("end", () => socket.end(`${name} heard ${heard}`));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  onTestFinished(() => stop());
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, priority: 0, weight: 0, stop };
}

async function gateway(remotes: readonly Remote[]) {
  const lines: string[] = [];
  const note = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    const { address } = fields;
    lines.push(typeof address === "string" ? `${message} ${address}` : message);
  };
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const clock = new ManualClock();
  const options = { remotes, retryDelayMs: 1000, logger, clock, random: seededRandom(1) };
  const made = new TcpGateway(options);
  const port = await made.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => made.close());
  return { port, clock, lines };
}

/** What is answered to a word; empty: the connection was cut. */
function say(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    let answer = "";
    socket.on("error", () => {});
    socket.on("data", (piece) => (answer += String(piece)));
    socket.on("close", () => resolve(answer));
    socket.end(word);
  });
}

test("connections go to the members in turn, and each side may end before the other", async () => {
  const { port, lines } = await gateway([await member("a"), await member("b")]);
  expect([await say(port, "1"), await say(port, "2"), await say(port, "3")]).toEqual([
    "a heard 1",
    "b heard 2",
    "a heard 3",
  ]);
  expect(lines).toEqual(["ready to proxy client requests"]);
});

test("who refuses is left alone until the delay is over, and used again when it answers then", async () => {
  const gone = await member("gone");
  await gone.stop();
  const { port, clock, lines } = await gateway([gone, await member("b")]);
  expect([await say(port, "1"), await say(port, "2")]).toEqual(["b heard 1", "b heard 2"]);
  const address = `127.0.0.1:${String(gone.port)}`;
  expect(lines.slice(1)).toEqual([`deactivated endpoint ${address}`]);
  clock.advance(1000);
  await waitUntil("the second failure is logged", () => (lines.length === 3 ? true : undefined));
  expect(lines[2]).toBe(`failed to activate endpoint (stay inactive for another interval) ${address}`);
  await member("back", gone.port);
  clock.advance(1000);
  await waitUntil("it is used again", () => (lines.length === 4 ? true : undefined));
  expect(lines[3]).toBe(`activated ${address}`);
  const answers = [await say(port, "3"), await say(port, "4")];
  expect(new Set(answers.map((answer) => answer.split(" ")[0]))).toEqual(new Set(["b", "back"]));
});

test("with nobody left a client is hung up on", async () => {
  const gone = await member("gone");
  await gone.stop();
  const { port } = await gateway([gone]);
  expect(await say(port, "1")).toBe("");
});
