import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EtcdClient, type ClientTls } from "./etcd-client.ts";
import { freePorts } from "./free-ports.ts";
import type { ServerBinary } from "./server-binary.ts";
import { waitUntil } from "./wait-until.ts";

/** What a server logs when clients may come; etcd's words. */
const READY = "ready to serve client requests";
const READY_TIMEOUT_MS = 120_000;

/** Every server that was started and has not ended: none outlives the harness. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

export interface ClusterOptions {
  readonly binary: ServerBinary;
  readonly size: number;
  /** For every member, after the flags that the cluster itself gives. */
  readonly flags?: readonly string[];
  /** Certificates that the members make themselves, for clients and for peers. */
  readonly isTls?: boolean;
  /**
   * A given certificate instead, for both sides of every connection: clients and peers without one of this authority are
   * turned away.
   */
  readonly tls?: ClientTls;
  /** Put before the server's own command, as a tracer; it may use the member's name for its files. */
  readonly wrapper?: (member: { readonly name: string; readonly folder: string }) => readonly string[];
  /** Where the other members reach a member: a proxy that stands before its peer port. */
  readonly advertisedPeerPort?: (index: number, peerPort: number) => Promise<number> | number;
}

/** One server process, its ports and its files. They stay the same over restarts. */
export class ClusterMember {
  readonly name: string;
  readonly folder: string;
  readonly clientUrl: string;
  /** Where the others reach it. */
  readonly peerUrl: string;
  /** Where it listens for them; another URL if there is a proxy between. */
  readonly listenPeerUrl: string;
  readonly client: EtcdClient;
  #command: readonly string[];
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #exit: number | NodeJS.Signals | undefined;
  #readyFrom = 0;

  constructor(options: {
    readonly name: string;
    readonly folder: string;
    readonly clientUrl: string;
    readonly peerUrl: string;
    readonly listenPeerUrl: string;
    readonly command: readonly string[];
    readonly tls?: ClientTls | undefined;
  }) {
    this.name = options.name;
    this.folder = options.folder;
    this.clientUrl = options.clientUrl;
    this.peerUrl = options.peerUrl;
    this.listenPeerUrl = options.listenPeerUrl;
    this.#command = options.command;
    this.client = new EtcdClient(options.clientUrl, options.tls);
    mkdirSync(this.folder, { recursive: true });
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  get logPath(): string {
    return join(this.folder, "log");
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The status or the signal that the last process ended with. */
  get exit(): number | NodeJS.Signals | undefined {
    return this.#exit;
  }

  /** The server's process id; only while it runs. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.name} is not running`);
    return pid;
  }

  /** Starts the process; `ready` says when it serves. What it prints is appended to its log. */
  start(): void {
    if (this.#child) throw new Error(`${this.name} runs already`);
    const log = openSync(this.logPath, "a");
    this.#readyFrom = statSync(this.logPath).size;
    const [program = "", ...args] = this.#command;
    const child = spawn(program, args, { stdio: ["ignore", log, log], env: serverEnvironment() });
    closeSync(log);
    this.#child = child;
    running.add(child);
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        running.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve();
      };
      child.once("exit", (code, signal) => {
        this.#exit = code ?? signal ?? undefined;
        end();
      });
      child.once("error", end);
    });
  }

  /** Waits until clients may come. */
  async ready(timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    await this.logged(READY, timeoutMs);
  }

  /** Waits until the process that runs now has logged a text; fails at once if it ends. */
  async logged(text: string, timeoutMs = READY_TIMEOUT_MS): Promise<void> {
    const needle = Buffer.from(text);
    let position = this.#readyFrom;
    const found = await waitUntil(
      `${this.name} logs "${text}"`,
      () => {
        // Read before the check: an end that follows the text is no failure.
        const fresh = readFrom(this.logPath, position);
        if (fresh.includes(needle)) return "found";
        position += Math.max(0, fresh.length - needle.length);
        return this.#child ? undefined : "ended";
      },
      { timeoutMs, everyMs: 2 },
    );
    if (found === "ended") throw new Error(`${this.name} ended:\n${this.lastLog()}`);
  }

  /** The last lines of its log, for error messages. */
  lastLog(lines = 15): string {
    return readFileSync(this.logPath, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** The end of the world for this process: nothing of it runs any more when this resolves. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** Lets it shut down. */
  async stop(timeoutMs = 60_000): Promise<void> {
    const child = this.#child;
    child?.kill("SIGTERM");
    const timer = setTimeout(() => child?.kill("SIGKILL"), timeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Resolves when the process has ended by itself. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(name);
  }
}

/** Members of one binary on loopback, in a folder that is removed with the cluster. */
export class Cluster {
  readonly folder: string;
  readonly #options: ClusterOptions;
  readonly #members: ClusterMember[] = [];
  #count = 0;

  private constructor(options: ClusterOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), `kvorum-${options.binary.name.replaceAll("/", "-")}-`));
  }

  /** Lays out a cluster; `start` runs it. */
  static async create(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    const places = [];
    for (let i = 0; i < options.size; i++) places.push(await cluster.#place());
    const initial = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
    for (const place of places) cluster.#members.push(cluster.#member(place, initial, "new"));
    return cluster;
  }

  /** Those that have not been removed. */
  get members(): readonly ClusterMember[] {
    return this.#members;
  }

  get endpoints(): readonly string[] {
    return this.#members.map((member) => member.clientUrl);
  }

  /** As etcd's command line tools take them. */
  get endpointsFlag(): string {
    return this.endpoints.map((url) => url.replace(/^https?:\/\//, "")).join(",");
  }

  member(index: number): ClusterMember {
    const member = this.#members[index];
    if (!member) throw new Error(`there is no member ${String(index)}`);
    return member;
  }

  /** Starts all that do not run, and waits until they serve. */
  async start(): Promise<void> {
    for (const member of this.#members) if (!member.isRunning) member.start();
    await Promise.all(this.#members.map((member) => member.ready()));
  }

  /**
   * Lays out a member for a running cluster. `joinCluster` is called with its peer URL and adds it to the cluster; the
   * member starts with the URLs of all that the cluster then has. It may take the place of one that is dead.
   */
  async add(
    joinCluster: (peerUrl: string) => Promise<readonly { readonly name: string; readonly peerUrl: string }[]>,
    dead?: ClusterMember,
  ): Promise<ClusterMember> {
    const fresh = await this.#place();
    const place = dead ? { ...fresh, listenPeerUrl: dead.listenPeerUrl, peerUrl: dead.peerUrl } : fresh;
    const others = await joinCluster(place.peerUrl);
    const initial = [...others, place].map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
    const member = this.#member(place, initial, "existing");
    this.#members.push(member);
    return member;
  }

  /** Forgets a member that the cluster has removed. Its files stay. */
  forget(member: ClusterMember): void {
    this.#members.splice(this.#members.indexOf(member), 1);
  }

  /** The member that leads, as itself says. */
  leader(timeoutMs = 60_000): Promise<ClusterMember> {
    return waitUntil(
      "there is a leader",
      async () => {
        for (const member of this.#members) {
          const status = member.isRunning ? await member.client.status(1000).catch(() => undefined) : undefined;
          if (status?.header && status.leader !== 0n && status.leader === status.header.memberId) return member;
        }
        return undefined;
      },
      { timeoutMs },
    );
  }

  /** Kills what runs and removes every file, unless the harness keeps them to be looked at. */
  async destroy(keepFiles = false): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
    for (const member of this.#members) member.client.close();
    if (keepFiles) console.log(`files are kept in ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  async #place() {
    const scheme = this.#options.isTls === true || this.#options.tls ? "https" : "http";
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const index = this.#count++;
    const advertised = (await this.#options.advertisedPeerPort?.(index, peerPort)) ?? peerPort;
    return {
      name: `m${String(index)}`,
      clientUrl: `${scheme}://127.0.0.1:${String(clientPort)}`,
      listenPeerUrl: `${scheme}://127.0.0.1:${String(peerPort)}`,
      peerUrl: `${scheme}://127.0.0.1:${String(advertised)}`,
    };
  }

  #member(
    place: { name: string; clientUrl: string; listenPeerUrl: string; peerUrl: string },
    initialCluster: string,
    state: "new" | "existing",
  ): ClusterMember {
    const { name, clientUrl, listenPeerUrl, peerUrl } = place;
    const { binary, flags = [], isTls = false, tls, wrapper } = this.#options;
    const folder = join(this.folder, name);
    const own = [
      ["--name", name, "--data-dir", join(folder, "data")],
      ["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
      ["--listen-peer-urls", listenPeerUrl, "--initial-advertise-peer-urls", peerUrl],
      ["--initial-cluster", initialCluster, "--initial-cluster-state", state],
      isTls ? ["--auto-tls", "--peer-auto-tls"] : [],
      tls ? tlsFlags(tls) : [],
    ].flat();
    const command = [...(wrapper?.({ name, folder }) ?? []), ...binary.command, ...own, ...flags];
    return new ClusterMember({ name, folder, clientUrl, peerUrl, listenPeerUrl, command, tls });
  }
}

function tlsFlags({ caFile, certFile, keyFile }: ClientTls): readonly string[] {
  const flags = ["--cert-file", certFile, "--key-file", keyFile, "--trusted-ca-file", caFile, "--client-cert-auth"];
  return [...flags, ...flags.map((flag) => flag.replace(/^--/, "--peer-"))];
}

/** Without settings of the harness's own environment that servers would take for theirs. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("ETCD_"));
  return { UV_THREADPOOL_SIZE: "8", ...Object.fromEntries(own) };
}

function readFrom(path: string, position: number): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, statSync(path).size - position));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, position));
  } finally {
    closeSync(file);
  }
}
