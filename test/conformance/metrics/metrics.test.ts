import { describe, expect, test, onTestFinished } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { Cluster } from "../../support/cluster.ts";
import { bytes } from "../../support/etcd-client.ts";
import { metricFamilies, type MetricFamily } from "../../support/metric-families.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { AFTER_FAILURES, isListed, NOT_OURS, NOT_THEIRS } from "./deliberate-differences.ts";

type Families = ReadonlyMap<string, MetricFamily>;

/** Three members that have done a little of everything; what their first one then tells. */
async function familiesOf(server: "etcd" | "source", detail: "basic" | "extensive"): Promise<Families> {
  const cluster = await Cluster.create({ binary: serverBinary(server), size: 3, flags: ["--metrics", detail] });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  const { clientUrl } = cluster.member(0);
  const client = new Client({ endpoints: [clientUrl] });
  await aLittleOfEverything(client);
  client.close();
  for (const path of ["health", "livez", "readyz"]) await fetch(`${clientUrl}/${path}`);
  // Peers are asked how far away they are every five seconds at etcd.
  return waitUntil(
    "peers have been probed",
    async () => {
      await scrape(clientUrl);
      const families = metricFamilies(await scrape(clientUrl));
      return families.has("etcd_network_peer_round_trip_time_seconds") ? families : undefined;
    },
    { everyMs: 500 },
  );
}

async function scrape(url: string): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}

/** What each of these does is known, so that the counters of both servers can be compared, too. */
async function aLittleOfEverything(client: Client): Promise<void> {
  const [a, b] = [bytes("a"), bytes("b")];
  await client.kv.put({ key: a, value: bytes("1") });
  await client.kv.put({ key: b, value: bytes("22") });
  await client.kv.put({ key: bytes("c"), value: bytes("333") });
  await client.kv.range({ key: a });
  await client.kv.range({ key: a, serializable: true });
  await client.kv.range({ key: a, revision: 99n }).catch(() => undefined);
  await client.kv.deleteRange({ key: b });
  await client.kv.deleteRange({ key: b });
  await client.kv.txn({
    success: [
      { request: { case: "requestPut", value: { key: a, value: bytes("4") } } },
      { request: { case: "requestRange", value: { key: a } } },
    ],
  });
  await client.lease.leaseGrant({ ID: 7n, TTL: 100n });
  await client.kv.put({ key: bytes("leased"), lease: 7n });
  await client.lease.leaseRevoke({ ID: 7n });
  await client.kv.compact({ revision: 3n, physical: true });
  await client.maintenance.hashKV({});
  await client.maintenance.hash({});
  await client.maintenance.defragment({});
}

function withoutFailures(families: Families): Families {
  return new Map([...families].filter(([name]) => !isListed(AFTER_FAILURES, name)));
}

/** What does not depend on how fast a server is, in one line: scripts look for labels in the order that Go gives them. */
function formOf({ name, type, samples }: MetricFamily): string {
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== "le"));
  const bounds = new Set(
    samples.flatMap(({ labels: { le } }) => (le === undefined ? [] : [Number(le.replace("+Inf", "Infinity"))])),
  );
  return [name, type, [...labels].join(","), [...bounds].join(" ")].join("|");
}

function valueOf(families: Families, name: string): number {
  const samples = families.get(name)?.samples ?? [];
  return samples
    .filter((sample) => sample.name === name || sample.name === `${name}_count`)
    .reduce((sum, { value }) => sum + value, 0);
}

/** Whose number follows from the calls alone, not from time. Histograms are compared by their counts. */
const COUNTED = [
  "etcd_mvcc_put_total",
  "etcd_mvcc_delete_total",
  "etcd_mvcc_txn_total",
  "etcd_debugging_mvcc_keys_total",
  "etcd_debugging_mvcc_current_revision",
  "etcd_debugging_mvcc_compact_revision",
  "etcd_debugging_mvcc_total_put_size_in_bytes",
  "etcd_debugging_mvcc_db_compaction_keys_total",
  "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds",
  "etcd_debugging_lease_granted_total",
  "etcd_debugging_lease_revoked_total",
  "etcd_debugging_lease_ttl_total",
  "etcd_mvcc_hash_duration_seconds",
  "etcd_mvcc_hash_rev_duration_seconds",
  "etcd_disk_backend_defrag_duration_seconds",
  "etcd_disk_defrag_inflight",
  "etcd_network_known_peers",
  "etcd_network_active_peers",
  "etcd_server_health_success",
  "etcd_server_health_failures",
  "etcd_server_healthchecks_total",
  "etcd_server_feature_enabled",
  "etcd_server_proposals_pending",
  "etcd_server_proposals_failed_total",
  "etcd_server_quota_backend_bytes",
  "etcd_server_is_learner",
];

function countsOf(families: Families): Readonly<Record<string, number>> {
  return Object.fromEntries(COUNTED.map((name) => [name, valueOf(families, name)]));
}

describe.each(["basic", "extensive"] as const)("with %s metrics", (detail) => {
  test("three members expose the families that etcd's expose, of the same types, labels and buckets", async () => {
    const theirs = withoutFailures(await familiesOf("etcd", detail));
    const ours = withoutFailures(await familiesOf("source", detail));
    const missing = [...theirs.keys()].filter((name) => !ours.has(name) && !isListed(NOT_OURS, name));
    const additional = [...ours.keys()].filter((name) => !theirs.has(name) && !isListed(NOT_THEIRS, name));
    const shared = [...theirs.keys()].filter((name) => ours.has(name));
    const form = (families: Families) =>
      [...families.values()]
        .filter(({ name }) => shared.includes(name))
        .map(formOf)
        .toSorted();
    expect({ missing, additional }).toEqual({ missing: [], additional: [] });
    expect(form(ours)).toEqual(form(theirs));
    expect(countsOf(ours)).toEqual(countsOf(theirs));
    for (const { name, help } of ours.values()) expect(help, name).not.toBe("");
    console.log(`${detail}: ${String(shared.length)} families are etcd's`);
  });
});
