import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { goModuleSource } from "../../tools/go-binaries.ts";
import { mixinBinaries } from "../../tools/mixin-binaries.ts";
import { Client } from "../../server/client/client.ts";
import { Cluster } from "../support/cluster.ts";
import { bytes } from "../support/etcd-client.ts";
import { SERVER_HELP, serverBinary } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { Mixin, promtoolComplaint, selectorsOf } from "./mixin/mixin-rules.ts";
import { Prometheus } from "./mixin/prometheus.ts";

const HELP = `node test/integration/mixin.ts [options]

Renders etcd's alerts and dashboards (contrib/mixin), has promtool check the rules, runs three members with traffic, of which
one is away for a while, and a Prometheus that scrapes them. Then every alert has been evaluated without an error, every
selector of alerts and dashboards finds a series (so that thresholds do not count), and every query of the dashboards does.

  --seconds N     how long there is traffic (60)
  --server NAME   ${SERVER_HELP}
`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    server: { type: "string", default: "kvorum" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** The newest release of etcd's root module that the Go module proxy has of this line: it holds the mixin. */
const ETCD = "go.etcd.io/etcd/v3@v3.6.8";
const PUT_EVERY_MS = 10;
/** The part of the time in which one member is away, so that there are failures to count. */
const AWAY = 0.2;

const verdicts = new Verdicts();
const folder = mkdtempSync(join(tmpdir(), "kvorum-mixin-"));

await verdicts.conclude(async () => {
  try {
    await checkMixin();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

async function checkMixin(): Promise<void> {
  const binaries = mixinBinaries();
  const mixin = new Mixin({ binaries, source: join(goModuleSource(ETCD), "contrib/mixin"), folder });
  const rules = mixin.writeRules();
  const complaint = promtoolComplaint(binaries, ["check", "rules", rules]);
  verdicts.check(complaint === undefined, `promtool check rules${complaint === undefined ? "" : `: ${complaint}`}`);
  const binary = serverBinary(values.server);
  const cluster = await Cluster.create({ binary, size: 3, flags: ["--metrics", "extensive"] });
  let prometheus: Prometheus | undefined;
  try {
    await cluster.start();
    const targets = cluster.endpoints.map((url) => new URL(url).host);
    prometheus = await Prometheus.start({ binaries, folder, rules, targets });
    await traffic(cluster, Number(values.seconds) * 1000);
    await askFor(prometheus, mixin);
  } finally {
    prometheus?.stop();
    await cluster.destroy();
  }
}

/** Puts, reads, a watch, and a member that is away and comes back. */
async function traffic(cluster: Cluster, durationMs: number): Promise<void> {
  const client = new Client({ endpoints: [cluster.member(0).clientUrl] });
  const watch = client.watch.watch();
  await watch.send({ requestUnion: { case: "createRequest", value: { key: bytes("k") } } });
  const read = readAll(watch);
  const away = cluster.member(2);
  await away.kill();
  await putsFor(client, durationMs * AWAY);
  away.start();
  await away.ready();
  await putsFor(client, durationMs * (1 - AWAY));
  watch.cancel();
  await read;
  client.close();
}

/** Until it is cancelled, or its member goes away. */
async function readAll(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  try {
    for await (const answer of stream) if (answer !== undefined) count++;
  } catch {
    return count;
  }
  return count;
}

async function putsFor(client: Client, durationMs: number): Promise<void> {
  const untilMs = performance.now() + durationMs;
  for (let i = 0; performance.now() < untilMs; i++) {
    // Who leads may be the one that went away.
    await client.kv.put({ key: bytes("k"), value: bytes(String(i)) }).catch(() => undefined);
    if (i % 10 === 0) await client.kv.range({ key: bytes("k") }).catch(() => undefined);
    await sleep(PUT_EVERY_MS);
  }
}

async function askFor(prometheus: Prometheus, mixin: Mixin): Promise<void> {
  for (const { name, health, lastError } of await prometheus.rules()) {
    verdicts.check(health === "ok", `alert ${name} is evaluated${lastError ? `: ${lastError}` : ""}`);
  }
  for (const { of, text } of [...mixin.alerts, ...mixin.queries]) {
    const selectors = selectorsOf(text);
    verdicts.check(selectors.length > 0, `${of} asks for series`);
    for (const selector of selectors) {
      const count = await prometheus.count(selector);
      verdicts.check(count > 0, `${of}: ${String(count)} series of ${selector}`);
    }
  }
  for (const { of, text } of mixin.queries) {
    const count = await prometheus.count(text);
    verdicts.check(count > 0, `${of}: ${String(count)} results of ${text.replaceAll(/\s+/g, " ").trim()}`);
  }
}
