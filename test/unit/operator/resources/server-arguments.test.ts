import { expect, test } from "vitest";
import { quotaBytes, serverArguments } from "../../../../operator/resources/server-arguments.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { loadConfig } from "../../../../server/config/load-config.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

const GiB = 2 ** 30;
const argumentsOf = (spec: EtcdClusterSpecInput): readonly string[] => serverArguments(etcdCluster(spec).spec);

test("an empty spec says no more than it has to", () => {
  expect(argumentsOf({})).toEqual([
    "--heartbeat-interval=100",
    "--election-timeout=1000",
    `--quota-backend-bytes=${String(5 * GiB)}`,
  ]);
});

test("what the spec says is in the server's words", () => {
  const server = {
    heartbeatInterval: "0.25s",
    electionTimeout: "2s500ms",
    quotaBackendBytes: "4Gi",
    snapshotCount: 500,
    autoCompaction: { mode: "Revision", retention: "1000" },
    extraArgs: [
      { name: "max-txn-ops", value: "256" },
      { name: "log-level", value: "debug" },
    ],
  } as const;
  expect(argumentsOf({ server })).toEqual([
    "--heartbeat-interval=250",
    "--election-timeout=2500",
    `--quota-backend-bytes=${String(4 * GiB)}`,
    "--snapshot-count=500",
    "--auto-compaction-mode=revision",
    "--auto-compaction-retention=1000",
    "--max-txn-ops=256",
    "--log-level=debug",
  ]);
});

test.each<[string, EtcdClusterSpecInput, number]>([
  ["half of a small volume", { storage: { size: "1Gi" } }, GiB / 2],
  ["8 GiB of a large one", { storage: { size: "100Gi" } }, 8 * GiB],
  ["half of a volume in bytes", { storage: { size: 1_000_000_001 } }, 500_000_000],
  ["what was asked for", { storage: { size: "100Gi" }, server: { quotaBackendBytes: "20Gi" } }, 20 * GiB],
  ["what was asked for, as a number", { server: { quotaBackendBytes: 1_000_000 } }, 1_000_000],
])("the quota is %s", (_, spec, bytes) => {
  expect(quotaBytes(etcdCluster(spec).spec)).toBe(bytes);
});

test("the server understands all of it", () => {
  const server = { snapshotCount: 500, autoCompaction: { retention: "1h30m" } } as const;
  const loaded = loadConfig({ args: [...argumentsOf({ server })], env: {}, readFile: () => "" });
  expect(loaded).toMatchObject({ kind: "run" });
});
