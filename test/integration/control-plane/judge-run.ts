import { bytes, EtcdClient } from "../../support/etcd-client.ts";
import type { Verdicts } from "../../support/verdicts.ts";
import { compareAllKeys, compareMembers, compareWatcher } from "./compare-views.ts";
import type { ControlPlaneProgram } from "./control-plane-program.ts";
import { linesOf, logCounts } from "./log-counts.ts";
import { metricSum, metricValues } from "./metric-values.ts";
import { cacheFills, type Run } from "./run.ts";
import { WATCHED_RESOURCES } from "./watched-resources.ts";

const MINUTE_MS = 60_000;
/** Consistency checks of the API server's own come every 5 to 7.5 minutes. */
const OWN_CHECK_MINUTES = 10;

/** Everything that can be judged while the API server still runs and nobody writes any more. */
export async function judgeRun(verdicts: Verdicts, run: Run): Promise<void> {
  await noObjectIsLost(verdicts, run);
  await watchesAgree(verdicts, run);
  await membersAgree(verdicts, run);
  await cachesHeld(verdicts, run);
  await compacted(verdicts, run);
  judgeLog(verdicts, run.plane.apiServer.log);
}

/** Whether a program is the process that it was at the start. */
export function ranThrough(verdicts: Verdicts, { name, pid, isOriginal }: ControlPlaneProgram): void {
  verdicts.check(isOriginal, `${name} ran from the start to the end, process ${String(pid)}`);
}

/** Whether the members, which ask for certificates, turn away who has none. */
export async function strangersAreRefused(verdicts: Verdicts, { cluster }: Run): Promise<void> {
  const stranger = new EtcdClient(cluster.member(0).clientUrl);
  const isTaken = await stranger.status().then(
    () => true,
    () => false,
  );
  stranger.close();
  verdicts.check(!isTaken, "a client without a certificate is turned away");
}

/** Whether the sizes of the last round are there after the last death, too. */
export async function sizesAreKept(verdicts: Verdicts, { scaling }: Run): Promise<void> {
  const reason = await scaling.settled().then(
    () => "",
    (error: Error) => ` (${error.message})`,
  );
  verdicts.check(reason === "", `in the end every deployment has the size that was acknowledged last${reason}`);
}

/** Ends the killing and tells whom it met. */
export async function killsAreDone(verdicts: Verdicts, { killer, options }: Run): Promise<void> {
  await killer.stop();
  const { kills } = killer;
  const expected = Math.floor((options.minutes * MINUTE_MS) / options.killEveryMs);
  const leaders = kills.filter(({ isLeader }) => isLeader).length;
  const victims = kills.map(({ member, isLeader }) => `${member}${isLeader ? "*" : ""}`).join(" ");
  verdicts.check(
    kills.length >= expected && leaders > 0,
    `${String(kills.length)} members were killed with -9 and came back, ${String(leaders)} of them leaders (*): ${victims}; ` +
      `from start to ready at most ${milliseconds(Math.max(0, ...kills.map(({ readyMs }) => readyMs)))}`,
  );
}

/** What is no verdict: how much was done and how long it took. */
export function tellFigures({ times, churn, watchers, nodes }: Run): void {
  const events = watchers.map(({ resource, state }) => `${resource.name} ${String(state.events)}`).join(", ");
  console.log(
    `     writes through the API: ${String(times.count)}, p50 ${milliseconds(times.percentile(0.5))}, ` +
      `p99 ${milliseconds(times.percentile(0.99))}, longest gap between two ${milliseconds(times.longestGapMs)}, ` +
      `${String(churn.unanswered)} unanswered`,
  );
  console.log(`     events seen: ${events}`);
  console.log(
    `     pods that ran: ${String(nodes.ledger.started)}, deleted again: ${String(nodes.ledger.deletedForGood)}`,
  );
}

async function noObjectIsLost(verdicts: Verdicts, { churn, plane, nodes }: Run): Promise<void> {
  const { objects, wrong } = await churn.judge();
  const { items } = await plane.api.list("/api/v1/pods");
  const pods = nodes.ledger.judge(new Set(items.map(({ metadata }) => metadata.uid)));
  verdicts.check(
    objects > 0 && wrong.length === 0,
    `no ConfigMap or Secret was lost or changed: ${String(wrong.length)} of ${String(objects)} are wrong${sample(wrong)}`,
  );
  verdicts.check(
    churn.violations.length === 0,
    `every answer on the way fitted those before: ${String(churn.violations.length)} did not${sample(churn.violations)}`,
  );
  verdicts.check(
    nodes.ledger.started > 0 && pods.length === 0,
    `no pod was lost or came back: ${String(pods.length)} of ${String(nodes.ledger.started)}${sample(pods)}`,
  );
}

async function watchesAgree(verdicts: Verdicts, { plane, watchers }: Run): Promise<void> {
  for (const watcher of watchers) {
    const { resource, objects, wrong } = await compareWatcher(plane.api, watcher);
    const all = [...watcher.state.violations, ...wrong];
    verdicts.check(
      all.length === 0 && watcher.relists === 0,
      `${resource}: ${String(objects)} objects, the same to the watcher (${String(watcher.state.events)} events in order, ` +
        `${String(watcher.watches)} watches, ${String(watcher.relists)} lists anew), a quorum and the cache${sample(all)}`,
    );
  }
}

async function membersAgree(verdicts: Verdicts, { plane, cluster }: Run): Promise<void> {
  const wrong: string[] = [];
  let objects = 0;
  for (const resource of WATCHED_RESOURCES) {
    const compared = await compareMembers(plane.api, resource, cluster.members);
    objects += compared.objects;
    wrong.push(...compared.wrong);
  }
  const { header } = await cluster.member(0).client.range({ key: bytes("/"), countOnly: true });
  const all = await compareAllKeys(cluster.members, header?.revision ?? 0n);
  verdicts.check(
    objects > 0 && wrong.length === 0,
    `${String(objects)} listed objects are in each member's store at their resourceVersion${sample(wrong)}`,
  );
  verdicts.check(
    all.objects >= objects && all.wrong.length === 0,
    `all ${String(all.objects)} keys of the API server are equal on the members${sample(all.wrong)}`,
  );
}

async function cachesHeld(verdicts: Verdicts, { plane, cachesAtStart, options }: Run): Promise<void> {
  const fills = await cacheFills(plane.api);
  const page = await plane.api.text("GET", "/metrics");
  const again = [...fills].filter(([labels, value]) => value > Math.max(1, cachesAtStart.get(labels) ?? 0));
  const checks = metricValues(page, "apiserver_storage_consistency_checks_total");
  const [success, failure] = [metricSum(checks, 'status="success"'), metricSum(checks, 'status="failure"')];
  const reads = metricValues(page, "apiserver_watch_cache_consistent_read_total");
  const terminated = metricSum(metricValues(page, "apiserver_terminated_watchers_total"));
  console.log(
    `     consistent lists from the cache: ${String(metricSum(reads, 'success="true"'))}, not in time: ` +
      `${String(metricSum(reads, 'success="false"'))}; watchers ended as too slow: ${String(terminated)}`,
  );
  const refilled = sample(again.map(([labels]) => labels));
  verdicts.check(
    fills.size > 0 && again.length === 0,
    `no watch cache of ${String(fills.size)} had to be filled anew: ${String(again.length)}${refilled}`,
  );
  verdicts.check(
    failure === 0 && (success > 0 || options.minutes < OWN_CHECK_MINUTES),
    `the API server found its caches as its store: ${String(success)} checks of its own passed, ${String(failure)} failed`,
  );
}

async function compacted(verdicts: Verdicts, { cluster, options }: Run): Promise<void> {
  const { client } = cluster.member(0);
  const { kvs } = await client.range({ key: bytes("compact_rev_key") });
  const { compactRevision } = await client.hashKv(0n, 30_000);
  // The first turn only remembers the revision that the second one compacts to.
  const expected = Math.max(1, Math.floor((options.minutes * MINUTE_MS) / options.compactionMs) - 1);
  const turns = Number(kvs[0]?.version ?? 0n);
  verdicts.check(
    turns >= expected && compactRevision > 0n,
    `the API server compacted: ${String(turns)} turns every ${String(options.compactionMs / 1000)} s, the last to ` +
      `revision ${String(compactRevision)}`,
  );
}

function judgeLog(verdicts: Verdicts, log: string): void {
  console.log("     the API server's log, lines:");
  for (const [kind, count] of Object.entries(logCounts(log))) console.log(`     ${String(count).padStart(7)} ${kind}`);
  const fatal = (["panic", "cache inconsistent", "watch cache terminated its watchers"] as const).flatMap((kind) =>
    linesOf(log, kind),
  );
  verdicts.check(fatal.length === 0, `its log tells of no panic and no lost watch cache${sample(fatal)}`);
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`;
}

function sample(items: readonly string[]): string {
  return items.length === 0 ? "" : ` (${items.slice(0, 5).join("; ")}${items.length > 5 ? " …" : ""})`;
}
