import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubernetesBinaries } from "../../tools/kubernetes/binaries.ts";
import { freePorts } from "./free-ports.ts";
import { waitUntil } from "./wait-until.ts";

const TOKEN = "the-only-user-of-this-server";
const START_TIMEOUT_MS = 180_000;

/** What kubectl said. */
export interface Answer {
  readonly isDone: boolean;
  /** What it printed, both streams. */
  readonly text: string;
}

/**
 * A real kube-apiserver over a real etcd and nothing else: no controllers, no nodes. It refuses and converts as every
 * Kubernetes does, and nothing runs. One user, who may do everything; all of it is gone when it stops.
 */
export class BareApiServer {
  readonly #folder: string;
  readonly #processes: readonly ChildProcess[];
  readonly #kubectl: string;

  private constructor(folder: string, processes: readonly ChildProcess[], kubectl: string) {
    this.#folder = folder;
    this.#processes = processes;
    this.#kubectl = kubectl;
  }

  static async start(): Promise<BareApiServer> {
    const bin = kubernetesBinaries();
    const folder = mkdtempSync(join(tmpdir(), "kvorum-api-server-"));
    const [client = 0, peer = 0, api = 0] = await freePorts(3);
    const store = `http://127.0.0.1:${String(client)}`;
    const processes = [
      startProcess(folder, join(bin, "etcd"), etcdFlags(folder, store, `http://127.0.0.1:${String(peer)}`)),
      startProcess(folder, join(bin, "kube-apiserver"), apiServerFlags(folder, store, api)),
    ];
    writeFileSync(join(folder, "kubeconfig"), kubeconfig(api), { mode: 0o600 });
    const server = new BareApiServer(folder, processes, join(bin, "kubectl"));
    try {
      await waitUntil(
        "the API server is ready",
        () => {
          const dead = processes.find((process) => process.exitCode !== null);
          if (dead) throw new Error(`${dead.spawnfile} has ended`);
          return server.kubectl(["get", "--raw", "/readyz"]).isDone || undefined;
        },
        { timeoutMs: START_TIMEOUT_MS, everyMs: 250 },
      );
    } catch (error) {
      const log = readFileSync(join(folder, "kube-apiserver.log"), "utf8").split("\n").slice(-20).join("\n");
      await server.stop();
      throw new Error(`no API server; the end of its log:\n${log}`, { cause: error });
    }
    return server;
  }

  /** Runs kubectl as the one user. */
  kubectl(args: readonly string[], input?: string): Answer {
    const { status, stdout, stderr } = spawnSync(
      this.#kubectl,
      ["--kubeconfig", join(this.#folder, "kubeconfig"), "--cache-dir", join(this.#folder, "cache"), ...args],
      { encoding: "utf8", input: input ?? "" },
    );
    return { isDone: status === 0, text: `${stdout}${stderr}`.trim() };
  }

  async stop(): Promise<void> {
    for (const process of this.#processes.toReversed()) {
      if (process.exitCode !== null || process.signalCode !== null) continue;
      const ended = new Promise((resolve) => process.once("exit", resolve));
      process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function startProcess(folder: string, program: string, flags: readonly string[]): ChildProcess {
  const log = openSync(join(folder, `${program.split("/").at(-1) ?? ""}.log`), "w");
  const child = spawn(program, flags, { stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

function etcdFlags(folder: string, client: string, peer: string): readonly string[] {
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync",
  ];
}

function apiServerFlags(folder: string, store: string, port: number): readonly string[] {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  writeFileSync(join(folder, "service-account.key"), privateKey, { mode: 0o600 });
  writeFileSync(join(folder, "tokens.csv"), `${TOKEN},admin,admin,system:masters\n`, { mode: 0o600 });
  return [
    `--etcd-servers=${store}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${String(port)}`,
    `--cert-dir=${folder}`,
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${join(folder, "service-account.key")}`,
    `--service-account-signing-key-file=${join(folder, "service-account.key")}`,
    "--disable-admission-plugins=ServiceAccount",
    "--endpoint-reconciler-type=none",
  ];
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "bare", cluster: { server: `https://127.0.0.1:${String(port)}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "admin", user: { token: TOKEN } }],
    contexts: [{ name: "bare", context: { cluster: "bare", user: "admin", namespace: "default" } }],
    "current-context": "bare",
  });
}
