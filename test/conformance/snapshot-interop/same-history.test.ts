import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { answerOf, contentsOf } from "../../support/compared-answers.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { RandomOperations } from "../../support/random-operations.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const OPERATIONS = 10_000;
const CHECK_EVERY = 500;

/** Answers to `HashKV` at the revisions that matter: now, the compacted one and its neighbours, one in between. */
async function hashes(client: Client, operations: RandomOperations): Promise<readonly string[]> {
  const { revision, compactedRevision } = operations;
  const middle = Math.floor((revision + compactedRevision) / 2);
  const asked = [0, revision, revision - 1, middle, compactedRevision, compactedRevision + 1, revision + 1];
  const answers: string[] = [];
  for (const at of asked) {
    const make = (): Promise<unknown> => client.maintenance.hashKV({ revision: BigInt(Math.max(0, at)) });
    answers.push(`${at}: ${(await answerOf({ name: "hash", make }, client)).text}`);
  }
  return answers;
}

test.each([1, 20_26])(
  "the same 10,000 calls get the same answers and the same hashes from Kvorum and from etcd (seed %d)",
  async (seed) => {
    const started = Date.now();
    const [theirs, ours] = await Promise.all([startEtcd(tempFolder()), startKvorum(tempFolder())]);
    const etcd = new Client({ endpoints: [theirs.endpoint] });
    const kvorum = new Client({ endpoints: [ours.endpoint] });
    const operations = new RandomOperations(seed);
    let refused = 0;
    for (let i = 1; i <= OPERATIONS; i++) {
      const call = operations.next();
      const [expected, actual] = await Promise.all([answerOf(call, etcd), answerOf(call, kvorum)]);
      expect(actual, `call ${i}: ${call.name}`).toEqual(expected);
      if (expected.revision === undefined) refused++;
      else operations.observe(expected.revision);
      if (i % CHECK_EVERY === 0) expect(await hashes(kvorum, operations)).toEqual(await hashes(etcd, operations));
    }
    expect(await contentsOf(kvorum)).toEqual(await contentsOf(etcd));
    etcd.close();
    kvorum.close();
    const { revision, compactedRevision } = operations;
    process.stdout.write(
      `seed ${seed}: ${OPERATIONS} calls, ${refused} refused, revision ${revision}, compacted ${compactedRevision}, ` +
        `${Date.now() - started} ms\n`,
    );
  },
);
