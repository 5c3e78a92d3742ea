import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { newestVersionIn, versionNeeded } from "../../../server/cluster/entry-version.ts";
import { InternalRaftRequestSchema } from "../../../server/proto/gen/raft_internal_pb.js";
import { EntryType, type Entry } from "../../../server/proto/raft-message.ts";

type Request = Parameters<typeof create<typeof InternalRaftRequestSchema>>[1];

function entry(request: Request, type: EntryType = EntryType.Normal): Entry {
  return {
    type,
    term: 1,
    index: 1,
    data: toBinary(InternalRaftRequestSchema, create(InternalRaftRequestSchema, request)),
  };
}

/** The bytes by which the newer request is found, as data of a client's. */
const tag = Uint8Array.of(0xe2, 0xea, 0x04);

test.each([
  ["a put", entry({ put: { key: tag, value: tag } }), undefined],
  ["a downgrade", entry({ downgradeInfoSet: { enabled: true, ver: "3.5.0" } }), undefined],
  ["an empty entry", { ...entry({}), data: undefined }, undefined],
  ["a configuration change with such bytes", { ...entry({}, EntryType.ConfChange), data: tag }, undefined],
  ["a request of 3.6", entry({ downgradeVersionTest: { ver: "3.6.0" } }), { major: 3, minor: 6 }],
  ["a request of 3.6 that says less", entry({ downgradeVersionTest: { ver: "3.5.0" } }), { major: 3, minor: 6 }],
  ["a request that says more", entry({ downgradeVersionTest: { ver: "3.7.0" } }), { major: 3, minor: 7 }],
])("%s needs %o", (_, one, version) => {
  expect(versionNeeded(one)).toEqual(version);
});

test("the newest of all counts", () => {
  const entries = ["3.6.0", "3.8.0", "3.7.0"].map((ver) => entry({ downgradeVersionTest: { ver } }));
  expect(newestVersionIn([entry({}), ...entries])).toEqual({ major: 3, minor: 8 });
  expect(newestVersionIn([entry({})])).toBeUndefined();
});
