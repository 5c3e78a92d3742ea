import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serverBinary, SERVER_HELP } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import type { BenchmarkRun, Operation } from "./benchmark-tool.ts";
import { ceiling } from "./ceiling.ts";
import { syncsPerPut } from "./fsyncs-per-put.ts";
import { idleCluster, timesToReady } from "./idle-cluster.ts";
import { measureCluster, type Measurement } from "./measure-cluster.ts";
import { markdownTable, median, mib, ratioTable, summarize, type Case, type CaseSummary } from "./report.ts";

const HELP = `npm run bench -- [options]

etcd's own load generator against real etcd and Kvorum, in alternating rounds of one run, each on a fresh cluster: puts
of 16-byte keys and 256-byte values, ranges of one key, linearizable and serializable, with 1 and 3 members and 1, 100 and
1000 clients on 1, 10 and 100 connections; beside each, empty calls over the same transport. Then syncs per put, idle CPU
and memory, and time to ready. Results are written as JSON and markdown to --out.

  --short           one member with 100 clients and one case of three members; for CI
  --rounds N        rounds whose median counts (default 3, short 1)
  --scale F         requests of each run times F (default 1)
  --only TEXT       only cases whose name holds TEXT, as "1 put 100" (members, operation, clients)
  --server NAME     ${SERVER_HELP}
  --out FOLDER      default test/bench/results; "none" writes nothing

Fails when a figure misses its floor: puts 0.4 and ranges 0.3 of etcd's throughput, below 0.1 syncs per put, ready in 2 s.
`;

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    rounds: { type: "string" },
    scale: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    server: { type: "string", default: "kvorum" },
    out: { type: "string", default: join(import.meta.dirname, "results") },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** The limits. */
const SYNCS_PER_PUT_MAX = 0.1;
const READY_MAX_MS = 2000;

const isShort = values.short;
const rounds = Number(values.rounds ?? (isShort ? 1 : 3));
const etcd = serverBinary("etcd");
const kvorum = serverBinary(values.server);
const verdicts = new Verdicts();
await verdicts.conclude(bench);

async function bench(): Promise<void> {
  const summaries: CaseSummary[] = [];
  for (const { members, runs } of plan()) summaries.push(...(await compare(members, runs)));
  const table = ratioTable(summaries);
  console.log(`\n${table}\n`);
  for (const summary of summaries) judge(summary);
  const extra = values.only === "" ? await others() : { table: "", figures: {} };
  if (extra.table !== "") console.log(`\n${extra.table}\n`);
  if (values.out !== "none") save(summaries, table, extra);
}

interface Plan {
  readonly members: number;
  readonly runs: readonly BenchmarkRun[];
}

function plan(): readonly Plan[] {
  const all = isShort
    ? [
        {
          members: 1,
          runs: [load("put", 100, 20_000), load("range", 100, 20_000), load("range-serializable", 100, 20_000)],
        },
        { members: 3, runs: [load("put", 100, 15_000)] },
      ]
    : [1, 3].map((members) => ({
        members,
        runs: (["put", "range", "range-serializable"] as const).flatMap((operation) => [
          load(operation, 1, 4000),
          load(operation, 100, 50_000),
          load(operation, 1000, 60_000),
        ]),
      }));
  return all
    .map(({ members, runs }) => ({ members, runs: runs.filter((run) => caseName(members, run).includes(values.only)) }))
    .filter(({ runs }) => runs.length > 0);
}

/** 1, 100 and 1000 clients share 1, 10 and 100 connections. */
function load(operation: Operation, clients: number, total: number): BenchmarkRun {
  return { operation, clients, connections: Math.max(1, clients / 10), total: Math.ceil(total * Number(values.scale)) };
}

function caseName(members: number, { operation, clients }: BenchmarkRun): string {
  return `${String(members)} ${operation} ${String(clients)}`;
}

async function compare(members: number, runs: readonly BenchmarkRun[]): Promise<readonly CaseSummary[]> {
  const cases = runs.map((run): Mutable<Case> => ({ members, run, etcd: [], kvorum: [], ceiling: [] }));
  const warmUp = Math.ceil((isShort ? 6000 : 10_000) * Number(values.scale));
  for (let round = 1; round <= rounds; round++) {
    const started = performance.now();
    const results = new Map<string, readonly Measurement[]>();
    // Who is first alternates too: a machine that slows down over time favours nobody.
    for (const server of round % 2 === 1 ? [etcd, kvorum] : [kvorum, etcd]) {
      results.set(server.name, await measureCluster(server, members, runs, warmUp));
    }
    const [theirs, ours] = [results.get(etcd.name) ?? [], results.get(kvorum.name) ?? []];
    const empty = await ceiling(runs);
    for (const [i, found] of cases.entries()) {
      const [their, our, none] = [theirs[i], ours[i], empty[i]];
      if (!their || !our || !none) throw new Error("every run has a result");
      found.etcd.push(their);
      found.kvorum.push(our);
      found.ceiling.push(none);
      console.log(
        `round ${String(round)}, ${caseName(members, found.run)}: etcd ${their.perSecond.toFixed(0)}/s, ` +
          `${kvorum.name} ${our.perSecond.toFixed(0)}/s, empty calls ${none.perSecond.toFixed(0)}/s`,
      );
    }
    console.log(
      `round ${String(round)} of ${String(rounds)} took ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
  }
  return cases.map(summarize);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

function judge({ members, run, throughputRatio, floor }: CaseSummary): void {
  verdicts.check(
    throughputRatio >= floor,
    `${caseName(members, run)} clients: ${throughputRatio.toFixed(2)} of etcd's throughput, floor ${String(floor)}`,
  );
}

/** What is no throughput: the disk's work, rest, and the start. */
async function others(): Promise<{ readonly table: string; readonly figures: object }> {
  const puts = isShort ? 10_000 : 30_000;
  const sizes = isShort ? [1] : [1, 3];
  const syncs = [];
  for (const size of sizes) {
    syncs.push({ size, etcd: await syncsPerPut(etcd, size, puts), kvorum: await syncsPerPut(kvorum, size, puts) });
  }
  const idleMs = isShort ? 3000 : 10_000;
  const idle = { etcd: await idleCluster(etcd, idleMs), kvorum: await idleCluster(kvorum, idleMs) };
  const starts = isShort ? 2 : 5;
  const ready = { etcd: await timesToReady(etcd, starts), kvorum: await timesToReady(kvorum, starts) };
  for (const { size, kvorum: count } of syncs) {
    verdicts.check(
      count.perPut < SYNCS_PER_PUT_MAX,
      `${String(size)} members: ${count.perPut.toFixed(4)} syncs per put at 100 clients (${String(count.syncs)} for ` +
        `${String(count.puts)} puts), limit ${String(SYNCS_PER_PUT_MAX)}`,
    );
  }
  verdicts.check(
    median(ready.kvorum) <= READY_MAX_MS,
    `three members are ready after ${median(ready.kvorum).toFixed(0)} ms (${ready.kvorum.map((ms) => ms.toFixed(0)).join(", ")}), ` +
      `limit ${String(READY_MAX_MS)} ms`,
  );
  const table = markdownTable(
    ["", "etcd", "Kvorum"],
    [
      ...syncs.map(({ size, ...count }) => [
        `syncs per put at 100 clients, ${String(size)} members (the leader's)`,
        count.etcd.perPut.toFixed(4),
        count.kvorum.perPut.toFixed(4),
      ]),
      ["idle CPU of three members, % of a core each", list(idle.etcd.cpuPercent, 1), list(idle.kvorum.cpuPercent, 1)],
      ["idle RSS of three members, MiB each", idle.etcd.rss.map(mib).join(", "), idle.kvorum.rss.map(mib).join(", ")],
      ["time to ready of three members, ms (median)", list([median(ready.etcd)], 0), list([median(ready.kvorum)], 0)],
    ],
  );
  return { table, figures: { syncs, idle, ready } };
}

function list(numbers: readonly number[], digits: number): string {
  return numbers.map((n) => n.toFixed(digits)).join(", ");
}

function save(summaries: readonly CaseSummary[], table: string, extra: { table: string; figures: object }): void {
  mkdirSync(values.out, { recursive: true });
  const name = isShort ? "short" : "full";
  const machine = `${cpus()[0]?.model ?? "unknown"}, ${String(cpus().length)} cores, client included; Node ${process.version}`;
  const date = new Date().toISOString();
  const text = [
    `# ${isShort ? "Short bench" : "Bench"}: Kvorum beside etcd 3.6.16`,
    `${date}; ${machine}; medians of ${String(rounds)} rounds`,
    table,
    ...(extra.table === "" ? [] : [extra.table]),
  ];
  writeFileSync(join(values.out, `${name}.md`), `${text.join("\n\n")}\n`);
  const json = { date, machine, rounds, cases: summaries, ...extra.figures };
  writeFileSync(join(values.out, `${name}.json`), `${JSON.stringify(json, undefined, 2)}\n`);
  console.log(`wrote ${join(values.out, name)}.md and .json`);
}
