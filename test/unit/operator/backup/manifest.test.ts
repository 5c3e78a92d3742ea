import { expect, test } from "vitest";
import {
  clusterPrefix,
  manifestKey,
  placeOfSnapshotKey,
  snapshotKey,
} from "../../../../operator/backup/backup-layout.ts";
import { formatManifest, parseManifest, type Manifest } from "../../../../operator/backup/manifest.ts";

const manifest: Manifest = {
  formatVersion: 1,
  namespace: "team-a",
  clusterName: "x",
  clusterUID: "5d0c",
  backupName: "nightly-1",
  clusterID: "cdf818194e3a8c32",
  memberID: "8e9e05c52164694d",
  endpoint: "http://x-1.x-peers.team-a.svc:2379",
  revision: 900,
  compactRevision: -1,
  hashKV: 4_294_967_295,
  statusHash: 7,
  raftTerm: 4,
  raftIndex: 991,
  storageVersion: "3.6.0",
  etcdVersion: "3.6.16",
  serverVersion: "0.1.0",
  key: "team-a/x/5d0c/nightly-1/snapshot.db",
  sizeBytes: 36_896,
  sha256: "0123456789abcdef".repeat(4),
  parts: 1,
  startedAt: "2026-01-02T03:04:05.000Z",
  completedAt: "2026-01-02T03:04:06.000Z",
  verifiedAt: "2026-01-02T03:04:07.000Z",
};

test("a manifest is read as it was written; what a later release adds is passed over", () => {
  expect(parseManifest(formatManifest(manifest))).toEqual({ kind: "Manifest", manifest });
  expect(parseManifest(JSON.stringify({ ...manifest, somethingNew: 1 }))).toEqual({ kind: "Manifest", manifest });
});

test.each([
  ["nothing", "", "it is no JSON object"],
  ["half of one", formatManifest(manifest).slice(0, 100), "it is no JSON object"],
  ["a list", "[]", "it is no JSON object"],
  ["null", "null", "it is no JSON object"],
  ["another file", '{"schemaVersion":2}', "it names no formatVersion"],
  [
    "a later release's",
    JSON.stringify({ ...manifest, formatVersion: 2 }),
    "it has formatVersion 2, written by a newer release; restore it with that",
  ],
  ["a text for a number", JSON.stringify({ ...manifest, revision: "900" }), "its field revision is missing or wrong"],
  ["a fraction", JSON.stringify({ ...manifest, sizeBytes: 1.5 }), "its field sizeBytes is missing or wrong"],
  ["a negative size", JSON.stringify({ ...manifest, sizeBytes: -2 }), "its field sizeBytes is missing or wrong"],
  ["a short checksum", JSON.stringify({ ...manifest, sha256: "00" }), "its field sha256 is missing or wrong"],
  ...Object.keys(manifest).map((name) => [
    `no ${name}`,
    JSON.stringify({ ...manifest, [name]: undefined }),
    name === "formatVersion" ? "it names no formatVersion" : `its field ${name} is missing or wrong`,
  ]),
])("%s is no manifest", (_what, text, reason) => {
  expect(parseManifest(text)).toEqual({ kind: "Foreign", reason });
});

const place = { namespace: "team-a", cluster: "x", clusterUid: "5d0c", backup: "nightly-1" };

test("the key of a snapshot tells whose it is, and its manifest is beside it", () => {
  const key = snapshotKey(place);
  expect(key).toBe("team-a/x/5d0c/nightly-1/snapshot.db");
  expect(key.startsWith(clusterPrefix(place))).toBe(true);
  expect(placeOfSnapshotKey(key)).toEqual(place);
  expect(manifestKey(key)).toBe("team-a/x/5d0c/nightly-1/manifest.json");
  expect(manifestKey("backup.db")).toBe("manifest.json");
});

test.each([
  "",
  "snapshot.db",
  "x/5d0c/nightly-1/snapshot.db",
  "team-a/x/5d0c/nightly-1/manifest.json",
  "team-a/x/5d0c/nightly-1/snapshot.db/more",
  "team-a//5d0c/nightly-1/snapshot.db",
  "/x/5d0c/nightly-1/snapshot.db",
])("%o is not the key of a backup's snapshot", (key) => {
  expect(placeOfSnapshotKey(key)).toBeUndefined();
});
