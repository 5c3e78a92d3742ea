import { describe, expect, test } from "vitest";
import { isSamePermit, parsePermit, parseSignedPermit, permitJson } from "../../../server/node/permit.ts";
import { isSameMember, permittedMember } from "../../../server/node/permitted-member.ts";
import { JOIN, NEW } from "./permit-table.ts";

const written = (change: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ ...permitJson(JOIN), ...change });

describe("a permit", () => {
  test("is read as the operator writes it", () => {
    const text = `{"clusterUid":"u","podName":"x-0","podUid":"p1","mode":"Join","memberId":"b","etcdClusterId":"c",
      "initialCluster":[{"name":"x-1","peerUrls":["http://x-1.x-peers:2380"]},
        {"name":"x-0","peerUrls":["http://x-0.x-peers:2380"]}],"token":"u","issuedAt":"2026-01-01T00:00:00Z"}`;
    expect(parsePermit(text)).toEqual(JOIN);
  });

  test("may name members that have no name yet", () => {
    const initialCluster = [{ name: "", peerUrls: ["http://x-1:2380"] }];
    expect(parsePermit(written({ initialCluster })).initialCluster).toEqual(initialCluster);
  });

  test.each([
    ["that is not JSON", "{", "the permit is not JSON"],
    ["that is a list", "[]", "the permit is no JSON object"],
    ["for no pod", written({ podName: undefined }), "podName is missing"],
    ["for an empty UID", written({ podUid: "" }), "podUid is missing"],
    ["for a number", written({ clusterUid: 7 }), "clusterUid is missing, or is no text"],
    [
      "of another mode",
      written({ mode: "Existing" }),
      `the permit's mode is "Existing": it has to be New, Join or Restore`,
    ],
    ["that joins as nobody", written({ memberId: undefined }), "memberId is undefined"],
    ["that joins as 0", written({ memberId: "0" }), "has to be a 64-bit id in lower-case hex"],
    ["with an id of 65 bits", written({ memberId: "1ffffffffffffffff" }), "64-bit id"],
    ["with an id in capitals", written({ etcdClusterId: "C" }), "etcdClusterId"],
    ["with 0x", written({ memberId: "0xb" }), "64-bit id"],
    ["without members", written({ initialCluster: [] }), "initialCluster has to be a list"],
    ["with a member without URLs", written({ initialCluster: [{ name: "a", peerUrls: [] }] }), "a list of peerUrls"],
    [
      "with a member that is a text",
      written({ initialCluster: ["a"] }),
      "a member of initialCluster is no JSON object",
    ],
    ["of no time", written({ issuedAt: "yesterday" }), `issuedAt is "yesterday": it has to be a time`],
  ])("%s is refused", (_what, text, sentence) => {
    expect(() => parsePermit(text)).toThrow(sentence);
  });

  test("is the same as another one only if all of it is", () => {
    expect(isSamePermit(JOIN, { ...JOIN })).toBe(true);
    expect(isSamePermit(JOIN, { ...JOIN, issuedAt: "2026-01-01T00:00:01Z" })).toBe(false);
    expect(isSamePermit(JOIN, { ...JOIN, memberId: 7n })).toBe(false);
    expect(isSamePermit(JOIN, NEW)).toBe(false);
  });

  test("makes of the pod one certain member, however often it is used", () => {
    expect(permittedMember(JOIN)).toEqual({ selfId: 0xbn, clusterId: 0xcn });
    expect(isSameMember(permittedMember(NEW), permittedMember({ ...NEW, issuedAt: "2027-01-01T00:00:00Z" }))).toBe(
      true,
    );
    expect(isSameMember(permittedMember(NEW), permittedMember({ ...NEW, mode: "Restore" }))).toBe(true);
    expect(isSameMember(permittedMember(NEW), permittedMember({ ...NEW, token: "v" }))).toBe(false);
  });
});

test("a signed permit is two texts in base64", () => {
  const { payload, signature } = parseSignedPermit(`{"payload":"e30=","signature":"AAE="}`);
  expect([[...payload], [...signature]]).toEqual([
    [0x7b, 0x7d],
    [0, 1],
  ]);
  for (const text of ["", "7", "{}", `{"payload":"e30="}`, `{"payload":7,"signature":"AAE="}`]) {
    expect(() => parseSignedPermit(text)).toThrow(SyntaxError);
  }
});
