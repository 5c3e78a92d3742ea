import { describe, expect, test } from "vitest";
import { refusalOfPermit } from "../../../server/node/permit-refusal.ts";
import { judgeVolume, type VolumeContents } from "../../../server/node/volume.ts";
import { DATA, JOIN, MARKERS, NEW, NOW_MS, OWNERS, PERMITS, SENTENCES, TABLE, TAKER, USED } from "./permit-table.ts";

interface Line {
  readonly owner: string;
  readonly data: string;
  readonly restored: string;
  readonly becomes: string;
  readonly permits: Readonly<Record<string, string>>;
}

const [header = [], ...rows] = TABLE.trim()
  .split("\n")
  .map((line) => line.split(/\s+/));
const lines = rows.map(([owner = "", data = "", restored = "", becomes = "", ...codes]): Line => ({
  owner,
  data,
  restored,
  becomes,
  permits: Object.fromEntries(codes.map((code, i) => [header[i + 4], code])),
}));

const fits = (pattern: string, value: string): boolean => pattern === "*" || pattern.split("|").includes(value);

const volumes = Object.keys(OWNERS).flatMap((owner) =>
  DATA.flatMap((data) => Object.keys(MARKERS).map((restored) => ({ owner, data, restored }))),
);

function contentsOf({ owner, data, restored }: (typeof volumes)[number]): VolumeContents {
  return { owner: OWNERS[owner]!, data, restored: MARKERS[restored]! };
}

function lineOf({ owner, data, restored }: (typeof volumes)[number]): Line {
  const line = lines.find((one) => fits(one.owner, owner) && fits(one.data, data) && fits(one.restored, restored));
  if (!line) throw new Error(`no line of the table fits ${owner} ${data} ${restored}`);
  return line;
}

test("the table is about every owner file, and every line of it is needed", () => {
  expect(volumes).toHaveLength(132);
  expect(new Set(volumes.map((volume) => lineOf(volume))).size).toBe(lines.length);
});

describe.each(volumes)("a volume with owner file $owner, data $data, restored marker $restored", (volume) => {
  const contents = contentsOf(volume);
  const line = lineOf(volume);

  test(`becomes ${line.becomes}`, () => {
    const verdict = judgeVolume(TAKER, contents);
    expect(verdict.kind === "wait" ? verdict.volume : verdict.kind).toBe(line.becomes);
  });

  test.each(Object.entries(line.permits))("answers a %s permit with %s", (name, code) => {
    const refusal = refusalOfPermit(PERMITS[name]!, TAKER, contents, NOW_MS);
    const sentence = SENTENCES[code];
    if (sentence === undefined) expect(refusal).toBeUndefined();
    else expect(refusal).toContain(sentence);
  });
});

test.each(DATA)("the permit that started a member is used up, with data %s", (data) => {
  const contents = { owner: OWNERS["started"]!, data, restored: MARKERS["none"]! };
  expect(refusalOfPermit(USED, TAKER, contents, NOW_MS)).toContain("the permit has been used");
});

function message(owner: string): string {
  const verdict = judgeVolume(TAKER, { owner: OWNERS[owner]!, data: "none", restored: MARKERS["none"]! });
  return verdict.kind === "wait" ? verdict.message : verdict.kind;
}

test("whoever waits says for what, and whose a foreign volume is", () => {
  expect(message("none")).toBe("the volume is empty: it waits for a permit of the operator");
  expect(message("granted-before")).toContain("was given to pod p0, which has never taken part; this is pod p1");
  expect(message("started")).toContain("member a of cluster c ran here and its log is gone");
  expect(message("other-cluster")).toContain("belongs to pod x-0 of cluster v, this is pod x-0 of cluster u");
  expect(message("other-pod")).toContain("belongs to pod x-1 of cluster u, this is pod x-0 of cluster u");
});

const EMPTY: VolumeContents = { owner: { kind: "absent" }, restored: { kind: "absent" }, data: "none" };
const other = { name: "x-1", peerUrls: ["http://x-1.x-peers:2380"] };
const own = { name: "x-0", peerUrls: [TAKER.peerUrl] };

test.each([
  ["of another cluster", { ...NEW, clusterUid: "v" }, "the permit is for cluster v, this pod belongs to u"],
  ["of another pod", { ...NEW, podName: "x-1" }, "the permit is for pod x-1, this is x-0"],
  ["of an earlier pod", { ...NEW, podUid: "p0" }, "the permit is for the pod with UID p0, this x-0 has UID p1"],
  ["with another token", { ...NEW, token: "t" }, "the permit's token is t: it has to be the cluster's UID u"],
  ["without this pod", { ...NEW, initialCluster: [other] }, "has to name x-0 once"],
  ["with this pod twice", { ...JOIN, initialCluster: [own, own, other] }, "has to name x-0 once"],
  [
    "with another URL",
    { ...NEW, initialCluster: [{ ...own, peerUrls: ["http://x-0:1"] }] },
    `with the peer URL ${TAKER.peerUrl}`,
  ],
  ["that founds a cluster of two", { ...NEW, initialCluster: [own, other] }, "is for one member"],
  ["that joins nobody", { ...JOIN, initialCluster: [own] }, "has to name, in initialCluster, the members that run"],
])("a permit %s is refused on any volume", (_, permit, sentence) => {
  expect(refusalOfPermit(permit, TAKER, EMPTY, NOW_MS)).toContain(sentence);
});

test.each([
  [-15 * 60, true],
  [0, true],
  [15 * 60, true],
  [-15 * 60 - 1, false],
  [15 * 60 + 1, false],
])("a permit that is %d s old counts: %s", (ageSeconds, counts) => {
  const refusal = refusalOfPermit(NEW, TAKER, EMPTY, NOW_MS + 1000 * ageSeconds);
  if (counts) expect(refusal).toBeUndefined();
  else expect(refusal).toContain("the permit was issued at 2026-01-01T00:00:00Z, here it is");
});
