import { expect, test } from "vitest";
import { RevisionOrder } from "../../../server/proxy/revision-order.ts";

/** Members that answer with these revisions, one after the other; the last one for ever. */
function answers(...revisions: bigint[]) {
  let asked = 0;
  return {
    ask: async () => ({ header: { revision: revisions[Math.min(asked++, revisions.length - 1)]! } }),
    get asked() {
      return asked;
    },
  };
}

test("an answer from the past is thrown away and the next member asked", async () => {
  const order = new RevisionOrder(() => 3);
  await order.read(answers(10n).ask);
  const members = answers(8n, 9n, 10n);
  expect((await order.read(members.ask)).header.revision).toBe(10n);
  expect(members.asked).toBe(3);
});

test("a read is measured by what was known when it began", async () => {
  const order = new RevisionOrder(() => 1);
  await order.read(answers(10n).ask);
  const slow = Promise.withResolvers<{ header: { revision: bigint } }>();
  const read = order.read(() => slow.promise);
  await order.read(answers(20n).ask);
  slow.resolve({ header: { revision: 10n } });
  expect((await read).header.revision).toBe(10n);
});

test("it ends when each member has answered from the past several times", async () => {
  const order = new RevisionOrder(() => 2);
  await order.read(answers(10n).ask);
  const past = answers(1n);
  await expect(order.read(past.ask)).rejects.toThrow("no cluster members have a revision higher");
  expect(past.asked).toBe(11);
});
