import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { assert, array, bigInt, boolean, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { FROM_NOW_ON, nextRevisionAfter } from "../../../server/client/watch-position.ts";
import { WatchResponseSchema } from "../../../server/proto/gen/rpc_pb.js";

type Fields = Omit<MessageInitShape<typeof WatchResponseSchema>, "$typeName">;

const at = (...revisions: bigint[]) => ({ events: revisions.map((modRevision) => ({ kv: { modRevision } })) });
const header = { revision: 40n };

test.each<readonly [what: string, response: Fields, fromNowOn: bigint, from11: bigint, from50: bigint]>([
  ["it was made", { header, created: true }, 41n, 11n, 50n],
  ["how far it has come", { header }, 41n, 41n, 50n],
  ["how far it has come, by a member that is behind", { header: { revision: 5n } }, 6n, 11n, 50n],
  ["events, behind the header", { header, ...at(12n, 30n) }, 31n, 31n, 50n],
  ["several events of one revision", { header, ...at(12n, 12n) }, 13n, 13n, 50n],
  ["events that it has told before", { header, ...at(3n) }, 4n, 11n, 50n],
  ["a piece of several revisions", { header, ...at(12n, 30n), fragment: true }, 0n, 11n, 50n],
  ["the last piece", { header, ...at(30n, 31n) }, 32n, 32n, 50n],
  ["it was refused", { header, created: true, canceled: true, cancelReason: "no" }, 0n, 11n, 50n],
  ["it was cancelled", { header, canceled: true }, 0n, 11n, 50n],
  ["its history is gone", { header, canceled: true, compactRevision: 20n }, 0n, 11n, 50n],
  ["its history is gone, and no more", { header, compactRevision: 20n }, 0n, 11n, 50n],
  ["it was made, without a header", { created: true }, 0n, 11n, 50n],
  ["nothing at all", {}, 0n, 11n, 50n],
])("a response that says %s moves a watch to where it goes on", (_what, fields, fromNowOn, from11, from50) => {
  const response = create(WatchResponseSchema, fields);
  expect(nextRevisionAfter(response, FROM_NOW_ON)).toBe(fromNowOn);
  expect(nextRevisionAfter(response, 11n)).toBe(from11);
  expect(nextRevisionAfter(response, 50n)).toBe(from50);
});

test("whatever comes, a watch never goes back", () => {
  const response = record({
    revision: bigInt({ min: 0n, max: 60n }),
    revisions: array(bigInt({ min: 1n, max: 60n }), { maxLength: 3 }),
    created: boolean(),
    canceled: boolean(),
    fragment: boolean(),
    compacted: integer({ min: 0, max: 1 }),
  });
  assert(
    property(array(response), bigInt({ min: 0n, max: 60n }), (responses, start) => {
      let next = start;
      for (const { revision, revisions, compacted, ...rest } of responses) {
        const fields = { header: { revision }, ...at(...revisions), compactRevision: BigInt(compacted), ...rest };
        const after = nextRevisionAfter(create(WatchResponseSchema, fields), next);
        expect(after).toBeGreaterThanOrEqual(next);
        next = after;
      }
    }),
  );
});
