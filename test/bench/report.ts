import type { BenchmarkResult, BenchmarkRun } from "./benchmark-tool.ts";
import type { Measurement } from "./measure-cluster.ts";

/** All rounds of one load at one cluster size. */
export interface Case {
  readonly members: number;
  readonly run: BenchmarkRun;
  readonly etcd: readonly Measurement[];
  readonly kvorum: readonly Measurement[];
  readonly ceiling: readonly BenchmarkResult[];
}

/** Medians over the rounds, and ours divided by etcd's. */
export interface CaseSummary {
  readonly members: number;
  readonly run: BenchmarkRun;
  readonly etcd: Measurement;
  readonly kvorum: Measurement;
  readonly ceilingPerSecond: number;
  readonly throughputRatio: number;
  readonly p99Ratio: number;
  readonly rssRatio: number;
  readonly floor: number;
}

/** The least share of etcd's throughput: a later issue raises it above 1. */
export const FLOORS = { put: 0.4, range: 0.3, "range-serializable": 0.3 } as const;

export function summarize(found: Case): CaseSummary {
  const etcd = medianMeasurement(found.etcd);
  const kvorum = medianMeasurement(found.kvorum);
  return {
    members: found.members,
    run: found.run,
    etcd,
    kvorum,
    ceilingPerSecond: median(found.ceiling.map((result) => result.perSecond)),
    throughputRatio: kvorum.perSecond / etcd.perSecond,
    p99Ratio: kvorum.p99Ms / etcd.p99Ms,
    rssRatio: kvorum.rss / etcd.rss,
    floor: FLOORS[found.run.operation],
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function medianMeasurement(rounds: readonly Measurement[]): Measurement {
  const of = (field: keyof Measurement): number => median(rounds.map((round) => round[field]));
  return { perSecond: of("perSecond"), p50Ms: of("p50Ms"), p99Ms: of("p99Ms"), rss: of("rss") };
}

const HEAD =
  "members, operation, clients/conns, etcd /s, Kvorum /s, ratio, empty call /s, " +
  "p99 ms etcd / Kvorum, ratio, RSS MiB etcd / Kvorum, ratio";

/** The table of ratios, as markdown. */
export function ratioTable(summaries: readonly CaseSummary[]): string {
  const rows = summaries.map((summary) => {
    const { members, run, etcd, kvorum, ceilingPerSecond } = summary;
    return [
      String(members),
      run.operation.replace("-", " "),
      `${String(run.clients)}/${String(run.connections)}`,
      etcd.perSecond.toFixed(0),
      kvorum.perSecond.toFixed(0),
      `**${summary.throughputRatio.toFixed(2)}**`,
      ceilingPerSecond.toFixed(0),
      `${etcd.p99Ms.toFixed(1)} / ${kvorum.p99Ms.toFixed(1)}`,
      summary.p99Ratio.toFixed(2),
      `${mib(etcd.rss)} / ${mib(kvorum.rss)}`,
      summary.rssRatio.toFixed(2),
    ];
  });
  return markdownTable(HEAD.split(", "), rows);
}

export function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
