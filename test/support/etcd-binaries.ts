import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./free-ports.ts";
import { atEnd } from "./lifetime.ts";

/** How much of a server's log is kept, so that a start that failed can be explained. */
const LAST_WORDS_LENGTH = 4000;
/** Ends the wait for a start that hangs: how long one takes is a matter of the machine. */
const START_TIMEOUT_MS = 120_000;

/** A program of real etcd, from $KVORUM_ETCD_BIN or the cache; fails clearly when it is not there. */
export function etcdBinary(name: "etcd" | "etcdctl" | "etcdutl"): string {
  const folder = process.env["KVORUM_ETCD_BIN"] ?? join(homedir(), ".cache/kvorum/bin");
  const path = join(folder, name);
  try {
    accessSync(path, constants.X_OK);
  } catch (error) {
    throw new Error(`real ${name} is needed at ${path}; set KVORUM_ETCD_BIN to the folder that holds it`, {
      cause: error,
    });
  }
  return path;
}

/** Runs a program to its end and returns what it printed; a failure shows its error output. */
export function run(program: string, args: readonly string[], options: { readonly input?: string } = {}): string {
  return execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28, stdio: "pipe", ...options });
}

/** A running etcd of one member. */
export interface RunningEtcd {
  readonly endpoint: string;
  readonly peerUrl: string;
  etcdctl(...args: string[]): string;
  /** SIGTERM, or another signal. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/**
 * Starts real etcd on free ports, its peer port with TLS if a flag is about that, and waits until it answers; it ends
 * with the test at the latest.
 */
export function startEtcd(dataDir: string, ...flags: string[]): Promise<RunningEtcd> {
  return startServer([etcdBinary("etcd")], dataDir, flags);
}

/** Starts a member of ours in the same way, from its source. */
export function startKvorum(dataDir: string, ...flags: string[]): Promise<RunningEtcd> {
  return startServer(
    [process.execPath, "--no-warnings", join(import.meta.dirname, "../../server/cli/etcd-main.ts")],
    dataDir,
    flags,
  );
}

async function startServer(
  command: readonly string[],
  dataDir: string,
  flags: readonly string[],
): Promise<RunningEtcd> {
  const [program = "", ...args] = command;
  const peerScheme = flags.some((flag) => flag.startsWith("--peer-")) ? "https" : "http";
  const [clientPort, peerPort] = await freePorts(2);
  const [client, peer] = [`http://127.0.0.1:${String(clientPort)}`, `${peerScheme}://127.0.0.1:${String(peerPort)}`];
  const urls = ["--listen-client-urls", client, "--advertise-client-urls", client, "--listen-peer-urls", peer];
  const cluster = ["--initial-advertise-peer-urls", peer, "--initial-cluster", `default=${peer}`];
  const etcd = spawn(program, [...args, "--data-dir", dataDir, ...urls, ...cluster, ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let lastWords = "";
  etcd.stderr.on("data", (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-LAST_WORDS_LENGTH)));
  let isEnded = false;
  const ended = new Promise<void>((resolve) =>
    etcd.once("close", () => {
      isEnded = true;
      resolve();
    }),
  );
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
    etcd.kill(signal);
    await ended;
  };
  atEnd(() => stop());
  const etcdctl = (...words: string[]): string => run(etcdBinary("etcdctl"), ["--endpoints", client, ...words]);
  await untilHealthy(client, () => (isEnded ? lastWords : undefined));
  return { endpoint: client, peerUrl: peer, etcdctl, stop };
}

/** @param lastWords What the server said before it ended; undefined as long as it runs. */
async function untilHealthy(endpoint: string, lastWords: () => string | undefined): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (answer?.ok) return;
    const words = lastWords();
    if (words !== undefined) throw new Error(`etcd at ${endpoint} has ended before it was healthy:\n${words}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`etcd at ${endpoint} did not become healthy`);
}
