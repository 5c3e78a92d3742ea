import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { bytes } from "../../support/etcd-client.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** The header's revision and those of the events, of the first answers of a watch that begins in the past. */
async function answers(endpoint: string): Promise<readonly unknown[]> {
  const client = new Client({ endpoints: [endpoint] });
  for (const key of ["a", "b", "a", "c", "d"]) await client.kv.put({ key: bytes(key) });
  const watch = client.watch.watch();
  const value = { key: bytes("a"), startRevision: 2n };
  await watch.send({ requestUnion: { case: "createRequest", value } });
  const seen: unknown[] = [];
  for await (const { header, created, events } of watch) {
    seen.push({ revision: header?.revision, created, events: events.map(({ kv }) => kv?.modRevision) });
    if (seen.length === 2) await client.kv.put({ key: bytes("a") });
    if (seen.length === 3) break;
  }
  client.close();
  return seen;
}

test("events of the past come with the present revision in their header, later ones with their own", async () => {
  const [theirs, ours] = await Promise.all([startEtcd(tempFolder()), startKvorum(tempFolder())]);
  const expected = [
    { revision: 6n, created: true, events: [] },
    { revision: 6n, created: false, events: [2n, 4n] },
    { revision: 7n, created: false, events: [7n] },
  ];
  expect(await answers(theirs.endpoint)).toEqual(expected);
  expect(await answers(ours.endpoint)).toEqual(expected);
});
