import { describe, expect, test } from "vitest";
import { META } from "../../../server/backend/buckets.ts";
import { WriteBuffer } from "../../../server/backend/write-buffer.ts";
import { StorageVersion } from "../../../server/cluster/storage-version.ts";

/** A store with this row, of a member whose last entry was of this term. */
function storeWith(row: string | undefined, term = 2) {
  const buffer = new WriteBuffer();
  const version = new StorageVersion(buffer, () => term);
  if (row !== undefined) version.load(row);
  return { version, written: () => buffer.get("meta", META.storageVersion) };
}

const nothing = (): undefined => undefined;

describe("the version of a store", () => {
  test.each([
    ["is what its row says", "3.6.0", 2, "3.6.0"],
    ["is 3.5 without a row", undefined, 2, "3.5.0"],
    ["is 3.5 with a row that is no version", "six", 2, "3.5.0"],
    ["cannot be told before there is a term", undefined, 0, undefined],
  ])("%s", (_, row, term, expected) => {
    expect(storeWith(row, term).version.detected).toBe(expected);
  });

  test("is said by a snapshot only if there is a row", () => {
    expect(storeWith(undefined).version.row).toBeUndefined();
    expect(storeWith("3.6.0").version.row).toBe("3.6.0");
  });

  test("is refused if it is of a later release", () => {
    expect(storeWith("3.7.0").version.refusal).toBe('version "3.7.0" is not supported');
    expect([storeWith("3.6.0"), storeWith(undefined), storeWith(undefined, 0)].map((it) => it.version.refusal)).toEqual(
      [undefined, undefined, undefined],
    );
  });
});

describe("the cluster's version", () => {
  test("brings back the row that etcdutl migrate took", () => {
    const { version, written } = storeWith(undefined);
    expect(version.follow("3.6.0", nothing)).toEqual({ kind: "updated", from: "3.5.0", to: "3.6.0" });
    expect([version.row, version.detected]).toEqual(["3.6.0", "3.6.0"]);
    expect(written()).toEqual(new TextEncoder().encode("3.6.0"));
    expect(version.follow("3.6.0", nothing)).toEqual({ kind: "same" });
  });

  test("takes the row away when the cluster goes back to 3.5", () => {
    const { version, written } = storeWith("3.6.0");
    expect(version.follow("3.5.0", nothing)).toEqual({ kind: "updated", from: "3.6.0", to: "3.5.0" });
    expect([version.row, version.detected, written()]).toEqual([undefined, "3.5.0", "deleted"]);
  });

  test("does not take the row away while the log needs a newer release", () => {
    const { version, written } = storeWith("3.6.0");
    expect(version.follow("3.5.0", () => ({ major: 3, minor: 6 }))).toEqual({
      kind: "refused",
      from: "3.6.0",
      reason:
        "cannot downgrade storage, WAL contains newer entries, as the target version (3.5.0) is lower than " +
        "the version (3.6.0) detected from WAL logs",
    });
    expect([version.row, written()]).toEqual(["3.6.0", undefined]);
  });

  test("goes up without a look at the log", () => {
    const { version } = storeWith(undefined);
    expect(version.follow("3.6.0", () => expect.fail("nobody asks")).kind).toBe("updated");
  });

  test.each([
    ["while nobody has decided it", "3.6.0", 2, undefined, { kind: "same" }],
    ["while somebody could not be asked", "3.6.0", 2, "3.0.0", { kind: "same" }],
    [
      "that no step leads to",
      "3.6.0",
      2,
      "3.4.0",
      { kind: "refused", from: "3.6.0", reason: 'cannot create migration plan: version "3.5.0" is not supported' },
    ],
    [
      "over a store that has no term yet",
      undefined,
      0,
      "3.6.0",
      {
        kind: "refused",
        from: undefined,
        reason: "cannot detect storage schema version: missing term information",
      },
    ],
  ])("leaves the row alone %s", (_, row, term, clusterVersion, expected) => {
    const { version, written } = storeWith(row, term);
    expect(version.follow(clusterVersion, nothing)).toEqual(expected);
    expect([version.row, written()]).toEqual([row, undefined]);
  });
});
