import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TestAuthority } from "../support/certificates.ts";
import { Cluster } from "../support/cluster.ts";
import type { ClientTls } from "../support/etcd-client.ts";
import { harnessArguments } from "../support/harness-arguments.ts";
import { hashAgreement, hashText } from "../support/hash-agreement.ts";
import { SERVER_HELP } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { startControlPlane, type ControlPlane } from "./control-plane/start-control-plane.ts";
import {
  judgeRun,
  killsAreDone,
  ranThrough,
  sizesAreKept,
  strangersAreRefused,
  tellFigures,
} from "./control-plane/judge-run.ts";
import { prepareRun, type Run, type RunOptions } from "./control-plane/run.ts";

const HELP = `npm run control-plane -- [options]

A real Kubernetes control plane (API server, controller manager, scheduler) over three members that speak TLS and ask for
certificates. Deployments are scaled round by round, simulated nodes run their pods, ConfigMaps and Secrets are written, the
API server compacts, and each minute a member is killed with -9. No object may be lost, no watch may go astray, no program
of the control plane may end. The programs are built once, about ten minutes on two cores.

A short form of three minutes: --minutes 2 --deployments 10 --rounds 4

  --minutes N       how long (default 20)
  --deployments N   (default 50)
  --rounds N        of scaling, spread over the time (default 20)
  --replicas N      most pods of a deployment (default 10)
  --nodes N         simulated (default 20)
  --compaction N    seconds between two of the API server's compactions (default 300, in runs of less than 15 minutes 30)
  --kill-every N    seconds between two deaths (default 60)
  --server NAME     ${SERVER_HELP}
  --seed N          sizes and writes (default: the time)
  --keep            keep data and logs
`;

const { values, binary } = harnessArguments(HELP, {
  minutes: { type: "string", default: "20" },
  deployments: { type: "string", default: "50" },
  rounds: { type: "string", default: "20" },
  replicas: { type: "string", default: "10" },
  nodes: { type: "string", default: "20" },
  compaction: { type: "string" },
  "kill-every": { type: "string", default: "60" },
});

const MEMBERS = 3;
/**
 * As kubeadm starts etcd. Without it a watch of a quiet resource resumes, when its member is killed, at its last event; once that
 * revision is compacted its cache has to be filled anew.
 */
const STORE_FLAGS = ["--watch-progress-notify-interval=5s"];
const MINUTE_MS = 60_000;
/** A run of this many minutes sees Kubernetes' own interval several times. */
const LONG_MINUTES = 15;
const verdicts = new Verdicts();
const minutes = Number(values.minutes);
const options: RunOptions = {
  minutes,
  deployments: Number(values.deployments),
  rounds: Number(values.rounds),
  replicas: Number(values.replicas),
  nodes: Number(values.nodes),
  compactionMs: 1000 * Number(values.compaction ?? (minutes < LONG_MINUTES ? 30 : 300)),
  killEveryMs: 1000 * Number(values["kill-every"]),
  seed: Number(values.seed),
};

await verdicts.conclude(async () => {
  console.log(`${binary.name}: ${values.minutes} min, ${values.deployments} deployments, --seed ${values.seed}`);
  const folder = mkdtempSync(join(tmpdir(), "kvorum-control-plane-"));
  const storeTls = await makeStoreCertificate(folder);
  const cluster = await Cluster.create({ binary, size: MEMBERS, tls: storeTls, flags: STORE_FLAGS });
  let isGood = false;
  try {
    await cluster.start();
    const { compactionMs } = options;
    await controlPlane(
      cluster,
      await startControlPlane({ folder, storeUrls: cluster.endpoints, storeTls, compactionMs }),
    );
    isGood = !verdicts.hasFailed;
  } finally {
    await cluster.destroy(values.keep || !isGood);
    if (values.keep || !isGood) console.log(`logs of the control plane are kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
});

async function makeStoreCertificate(folder: string): Promise<ClientTls> {
  const authority = await TestAuthority.make(folder, "store");
  const files = await authority.issue("member", ["127.0.0.1", "localhost"]);
  return { caFile: authority.caFile, ...files };
}

async function controlPlane(cluster: Cluster, plane: ControlPlane): Promise<void> {
  const run = await prepareRun(options, cluster, plane);
  await strangersAreRefused(verdicts, run);
  const startMs = performance.now();
  run.churn.start();
  run.killer.start();
  await scale(run, startMs);
  await sleep(Math.max(0, startMs + minutes * MINUTE_MS - performance.now()));
  await killsAreDone(verdicts, run);
  await run.churn.stop();
  await sizesAreKept(verdicts, run);
  await run.nodes.stop();
  for (const program of [plane.controllerManager, plane.scheduler]) {
    ranThrough(verdicts, program);
    await program.stop();
  }
  tellFigures(run);
  await judgeRun(verdicts, run);
  ranThrough(verdicts, plane.apiServer);
  await Promise.all(run.watchers.map((watcher) => watcher.stop()));
  plane.api.close();
  await plane.apiServer.stop();
  // Nobody writes or compacts any more.
  const agreement = await hashAgreement(cluster.members);
  verdicts.check(agreement.isEqual, `HashKV is equal everywhere ${hashText(agreement)}`);
}

/** Spreads the rounds over the time; one that does not settle is told and ends them, and all the rest is still judged. */
async function scale({ scaling }: Run, startMs: number): Promise<void> {
  const tookMs: number[] = [];
  const rounds = options.rounds;
  let reason = "";
  try {
    while (tookMs.length < rounds) {
      const dueMs = startMs + (tookMs.length * minutes * MINUTE_MS) / rounds;
      await sleep(Math.max(0, dueMs - performance.now()));
      tookMs.push(await scaling.round(options.replicas));
      const minute = ((performance.now() - startMs) / MINUTE_MS).toFixed(1);
      const took = seconds(tookMs.at(-1));
      console.log(
        `  minute ${minute}: round ${String(tookMs.length)} settled after ${took}, ${String(scaling.pods)} pods`,
      );
    }
  } catch (error) {
    reason = ` (${(error as Error).message})`;
  }
  const sorted = tookMs.toSorted((a, b) => a - b);
  verdicts.check(
    tookMs.length === rounds,
    `${String(tookMs.length)} of ${String(rounds)} rounds of scaling ${values.deployments} deployments settled: ` +
      `median ${seconds(sorted[sorted.length >> 1])}, longest ${seconds(sorted.at(-1))}${reason}`,
  );
}

function seconds(ms = Number.NaN): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
