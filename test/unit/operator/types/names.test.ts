import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKUP_NAME_MAX } from "../../../../operator/types/etcd-backup.ts";
import { SCHEDULE_NAME_MAX } from "../../../../operator/types/etcd-backup-schedule.ts";
import { CLUSTER_NAME_MAX } from "../../../../operator/types/etcd-cluster.ts";
import {
  backupJobName,
  claimName,
  clientServiceName,
  clientUrl,
  clusterLabels,
  finalBackupName,
  memberClientUrl,
  memberSelector,
  ordinalOfClaim,
  ordinalOfPeerUrl,
  ordinalOfPod,
  peerServiceName,
  peerUrl,
  podName,
  scheduledBackupName,
  selectorText,
} from "../../../../operator/types/names.ts";

const X = { name: "x", namespace: "ns" };
const LABEL_MAX = 63;
const DNS_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const clusterName = fc.stringMatching(/^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/);
const uid = fc.uuid();

test("an ordinal is a number: 10 comes after 9", () => {
  const pods = ["x-10", "x-9", "x-0"];
  expect(pods.map((pod) => ordinalOfPod("x", pod)).toSorted((a = 0, b = 0) => a - b)).toEqual([0, 9, 10]);
});

test.each([
  ["x-01", "a leading zero"],
  ["x-", "no digits"],
  ["x-1a", "letters after digits"],
  ["x--1", "a sign"],
  ["y-1", "another cluster"],
  ["x-y-1", "a cluster whose name begins alike"],
  ["x-9999999999", "more than any StatefulSet has"],
])("%s is no pod of x: %s", (pod) => {
  expect(ordinalOfPod("x", pod)).toBeUndefined();
});

test("names, URLs and ordinals lead back to each other for every cluster and ordinal", () => {
  fc.assert(
    fc.property(clusterName, clusterName, fc.nat(12), (name, namespace, ordinal) => {
      const cluster = { name, namespace };
      expect(ordinalOfPod(name, podName(name, ordinal))).toBe(ordinal);
      expect(ordinalOfClaim(name, claimName(name, ordinal))).toBe(ordinal);
      expect(ordinalOfPeerUrl(cluster, peerUrl(cluster, ordinal))).toBe(ordinal);
    }),
  );
});

describe("whose a peer URL is", () => {
  test.each([
    ["http://x-1.x-peers.ns.svc:2380", 1],
    ["https://x-1.x-peers.ns.svc:2380", 1],
    ["http://x-1.x-peers.other.svc:2380", undefined],
    ["http://y-1.x-peers.ns.svc:2380", undefined],
    ["http://10.0.0.1:2380", undefined],
    ["http://x-1.x-peers.ns.svc.evil.example:2380", undefined],
    ["nonsense", undefined],
    ["", undefined],
  ])("%s: %s", (url, ordinal) => {
    expect(ordinalOfPeerUrl(X, url)).toBe(ordinal);
  });
});

test("what a client types and what members tell each other are different addresses", () => {
  expect(clientUrl(X)).toBe("http://x-client.ns.svc:2379");
  expect(memberClientUrl(X, 2)).toBe("http://x-2.x-peers.ns.svc:2379");
  expect(peerUrl(X, 2)).toBe("http://x-2.x-peers.ns.svc:2380");
});

test("every name that follows from an allowed name is a DNS label", () => {
  fc.assert(
    fc.property(clusterName, fc.nat(6), uid, (cluster, ordinal, clusterUid) => {
      const names = [
        podName(cluster, ordinal),
        peerServiceName(cluster),
        clientServiceName(cluster),
        // What the StatefulSet controller labels pods with.
        `${cluster}-7d9c8b6f5d`,
        backupJobName(finalBackupName(cluster, clusterUid), "upload"),
        ...Object.values(clusterLabels(cluster)),
      ];
      expect(cluster.length).toBeLessThanOrEqual(CLUSTER_NAME_MAX);
      expect(names.filter((name) => name.length > LABEL_MAX || !DNS_LABEL.test(name))).toEqual([]);
    }),
  );
});

test("a scheduled backup of the longest schedule still has room for its Jobs", () => {
  const backup = scheduledBackupName("s".repeat(SCHEDULE_NAME_MAX), Date.UTC(2026, 10, 21, 9, 30));
  expect(backup).toBe(`${"s".repeat(SCHEDULE_NAME_MAX)}-20261121093000`);
  expect(backup.length).toBeLessThanOrEqual(BACKUP_NAME_MAX);
  expect(backupJobName("b".repeat(BACKUP_NAME_MAX), "upload").length).toBeLessThanOrEqual(LABEL_MAX);
});

test("the last backup has another name in each life of a cluster's name, and no double dash", () => {
  const name = `${"a".repeat(40)}-b`;
  expect(finalBackupName(name, "858e6a0d-2b04-4e18-9c1b-9b0fbf93591e")).toBe(`${"a".repeat(40)}-final-858e6a0d`);
  expect(finalBackupName("x", "11111111-0000-4000-8000-000000000000")).not.toBe(
    finalBackupName("x", "22222222-0000-4000-8000-000000000000"),
  );
});

test("the selector is part of the labels, and as text what kubectl takes", () => {
  expect(clusterLabels("x")).toMatchObject(memberSelector("x"));
  expect(selectorText({ a: "1", "b/c": "2" })).toBe("a=1,b/c=2");
});
