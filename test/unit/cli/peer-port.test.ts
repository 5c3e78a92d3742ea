import { afterEach, expect, test } from "vitest";
import { PeerPort } from "../../../server/cli/peer-port.ts";
import { parseServerUrl } from "../../../server/config/server-url.ts";
import { freePorts } from "../../support/free-ports.ts";
import { silentLogger } from "../../support/peer-member.ts";

let opened: PeerPort | undefined;
afterEach(() => {
  opened?.stop();
});

/** A port that is bound and not served yet. */
async function bound(): Promise<{ readonly port: PeerPort; readonly url: string }> {
  const [number = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${String(number)}`;
  const parsed = parseServerUrl(url);
  if (!parsed.ok) throw new Error("the URL is right");
  const port = new PeerPort({ listenPeerUrls: [parsed.value] }, silentLogger);
  opened = port;
  await port.listen(undefined);
  return { port, url };
}

test("members of a new cluster that ask each other who is born are not kept waiting for each other", async () => {
  const { url } = await bound();
  const answer = await fetch(`${url}/members`);
  expect([answer.status, await answer.text()]).toEqual([503, "the member has not started yet\n"]);
});

test("every other request waits until the member serves", async () => {
  const { port, url } = await bound();
  const answer = fetch(`${url}/version`);
  // A question that is answered after it came: the first one is waiting by now.
  await fetch(`${url}/members`);
  port.start((request, response) => response.end(`served ${request.url ?? ""}`));
  expect(await (await answer).text()).toBe("served /version");
  expect(await (await fetch(`${url}/members`)).text()).toBe("served /members");
});
