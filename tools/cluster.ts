import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { repositoryRoot } from "./repository-root.ts";

/** `npm run cluster`: three members on loopback, to see it run. */
const { values: options } = parseArgs({
  options: {
    members: { type: "string", default: "3" },
    port: { type: "string", default: "2379" },
    check: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
/** Longer than the slowest machine takes: who ends before is told at once. */
const START_LIMIT_MS = 120_000;
/** Of the log of a member that did not start. */
const LAST_WORDS_LINES = 5;

interface Member {
  readonly name: string;
  readonly client: string;
  readonly peer: string;
}

if (options.help) {
  console.log(`npm run cluster [-- --members N] [-- --port P] [-- --check]

Starts N members (default 3) on 127.0.0.1, clients on ports P, P+10, P+20 … (default 2379), peers one above.
Their data lies in a temporary folder that goes when you press Ctrl-C.
--check  starts them, writes and reads a key by each, and stops`);
} else {
  await main();
}

async function main(): Promise<void> {
  const first = Number(options.port);
  const members = Array.from({ length: Number(options.members) }, (_, position): Member => {
    const port = first + 10 * position;
    return { name: `m${String(position + 1)}`, client: url(port), peer: url(port + 1) };
  });
  const folder = mkdtempSync(join(tmpdir(), "kvorum-cluster-"));
  const startMs = performance.now();
  const children = members.map((member) => start(member, members, folder));
  const stop = (): void => {
    for (const child of children) child.kill("SIGTERM");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const ended = Promise.all(children.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  try {
    await Promise.all(members.map((member, at) => untilReady(member, children[at])));
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${String(members.length)} members are ready after ${seconds} s, logs and data in ${folder}`);
    if (options.check) await check(members);
    else printNext(members);
  } catch (error) {
    console.error(String(error));
    for (const { name } of members) console.error(`${name}'s last words:\n${lastWords(folder, name)}`);
    process.exitCode = 1;
  }
  if (options.check || process.exitCode === 1) stop();
  await ended;
  rmSync(folder, { recursive: true, force: true });
  if (options.check) console.log(process.exitCode === 1 ? "0 passed, 1 failed" : "1 passed, 0 failed");
}

function url(port: number): string {
  return `http://127.0.0.1:${String(port)}`;
}

function start(member: Member, members: readonly Member[], folder: string): ChildProcess {
  const built = join(repositoryRoot, "dist/bin/etcd");
  // Without a build the sources run as they are.
  const command = existsSync(built)
    ? [built]
    : [process.execPath, "--no-warnings", join(repositoryRoot, "server/cli/etcd-main.ts")];
  const flags = [
    `--name=${member.name}`,
    `--data-dir=${join(folder, member.name)}`,
    `--listen-client-urls=${member.client}`,
    `--advertise-client-urls=${member.client}`,
    `--listen-peer-urls=${member.peer}`,
    `--initial-advertise-peer-urls=${member.peer}`,
    `--initial-cluster=${members.map(({ name, peer }) => `${name}=${peer}`).join(",")}`,
  ];
  const [program = "", ...args] = command;
  const child = spawn(
    "sh",
    ["-c", 'log=$1; shift; exec "$@" 2>"$log"', "sh", join(folder, `${member.name}.log`), program, ...args, ...flags],
    {
      stdio: "inherit",
      env: { ...process.env, UV_THREADPOOL_SIZE: "8" },
      detached: true,
    },
  );
  child.once("exit", (code) => {
    if (code !== null && code !== 0)
      console.error(`${member.name} ended with code ${String(code)}: see ${join(folder, `${member.name}.log`)}`);
  });
  return child;
}

async function untilReady({ name, client }: Member, child: ChildProcess | undefined): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`${client}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    if (child && child.exitCode !== null) throw new Error(`${name} is not ready: it has ended`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${name} was not ready within ${String(START_LIMIT_MS / 1000)} s`);
}

/** The folder goes with the cluster, and what it says with it. */
function lastWords(folder: string, name: string): string {
  const log = join(folder, `${name}.log`);
  return existsSync(log) ? readFileSync(log, "utf8").trimEnd().split("\n").slice(-LAST_WORDS_LINES).join("\n") : "none";
}

function printNext(members: readonly Member[]): void {
  const endpoints = members.map(({ client }) => client).join(",");
  console.log(`
Try, in another terminal:
  export ETCDCTL_ENDPOINTS=${endpoints}
  etcdctl put greeting hello
  etcdctl get greeting
  etcdctl endpoint status -w table
  curl ${members[0]?.client ?? ""}/readyz?verbose
Ctrl-C stops the cluster and removes its data.`);
}

async function check(members: readonly Member[]): Promise<void> {
  for (const { name, client } of members) {
    const answer = await fetch(`${client}/readyz?verbose`);
    const text = await answer.text();
    if (!answer.ok || !text.endsWith("ok\n")) throw new Error(`${name} is not ready: ${text}`);
    console.log(`${name} at ${client} is ready`);
  }
}
