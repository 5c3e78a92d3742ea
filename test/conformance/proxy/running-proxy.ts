import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { Client } from "../../../server/client/client.ts";
import { etcdBinary } from "../../support/etcd-binaries.ts";
import { freePorts } from "../../support/free-ports.ts";
import { atEnd } from "../../support/lifetime.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** Whose proxy it is. */
export type Maker = "etcd" | "kvorum";

/** A proxy that runs until the test, or whatever it was started for, has finished. */
export interface RunningProxy {
  readonly address: string;
  readonly client: Client;
  /** What it has logged so far. */
  log(): string;
  /** A page over HTTP: its status and its body. */
  page(path: string): Promise<string>;
  /** The value of one of its own metrics. */
  metric(name: string): Promise<number>;
  kill(): void;
}

/** The program of each maker: ours from its source, or built where $KVORUM_PROXY_BIN names the executable. */
export function commandOf(maker: Maker): readonly [string, ...string[]] {
  if (maker === "etcd") return [etcdBinary("etcd")];
  const built = process.env["KVORUM_PROXY_BIN"];
  if (built !== undefined) return [built];
  return [process.execPath, "--no-warnings", join(import.meta.dirname, "../../../server/cli/etcd-main.ts")];
}

/** Starts `etcd NAME start` on a free port and waits for the line that says that it is ready. */
export async function startProxy(
  maker: Maker,
  name: "gateway" | "grpc-proxy",
  endpoints: readonly string[],
  ...flags: string[]
): Promise<RunningProxy> {
  const [port = 0] = await freePorts(1);
  const address = `127.0.0.1:${String(port)}`;
  const [program, ...args] = commandOf(maker);
  const own = name === "grpc-proxy" && !flags.some((flag) => flag.startsWith("--advertise-client-url"));
  const advertised = own ? [`--advertise-client-url=${address}`] : [];
  const all = [name, "start", `--listen-addr=${address}`, `--endpoints=${endpoints.join()}`, ...advertised, ...flags];
  const child = spawn(program, [...args, ...all], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (piece) => (log += String(piece)));
  const kill = (): void => void child.kill("SIGKILL");
  atEnd(kill);
  const ready = name === "gateway" ? "ready to proxy client requests" : "started gRPC proxy";
  await waitUntil(`${maker} says "${ready}"`, () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${log}`);
    return log.includes(ready) ? true : undefined;
  });
  const client = new Client({ endpoints: [address] });
  atEnd(() => client.close());
  const page = async (path: string): Promise<string> => {
    const response = await fetch(`http://${address}${path}`);
    return `${String(response.status)} ${await response.text()}`;
  };
  const metric = async (metricName: string): Promise<number> => {
    const text = await page("/proxy/metrics");
    return Number(new RegExp(`^${metricName} (.*)$`, "m").exec(text)?.[1] ?? Number.NaN);
  };
  return { address, client, log: () => log, page, metric, kill };
}

/** What a command that ends by itself says, and how it ends. */
export function outcomeOf(maker: Maker, ...args: string[]) {
  const [program, ...before] = commandOf(maker);
  const { status, stdout, stderr } = spawnSync(program, [...before, ...args], { encoding: "utf8", timeout: 20_000 });
  // Log lines have times in them.
  const plain = stderr.split("\n").filter((line) => !line.startsWith("{"));
  // Some of etcd's lines have no end.
  return { status, stdout: stdout.trimEnd(), stderr: plain.join("\n").trimEnd() };
}
