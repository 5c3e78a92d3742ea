import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binFolder } from "../go-binaries.ts";
import { addresses, linkName, logFolder, nodeName, stateFolder } from "./places.ts";
import { markedProcess, processMark } from "./process-start.ts";
import { until } from "./until.ts";

/**
 * The node is a machine made of Linux namespaces: own processes, mounts, network, host name. Whatever runs in it, and
 * every mount, bridge, address and packet filter rule that it makes, ends with its first process, also after a crash.
 */
const COMMAND_LIMIT_MS = 60_000;
const START_LIMIT_MS = 60_000;
const pidFile = join(stateFolder, "machine.pid");

/** What the machine has for itself of the folders in which programs leave things. */
const OWN_FOLDERS = ["/run", "/var/lib/cni", "/var/log/containers"] as const;

const SETUP = `set -e
mount --make-rshared /
for folder in ${OWN_FOLDERS.join(" ")}; do mount -t tmpfs tmpfs "$folder"; done
hostname ${nodeName}
ip link set lo up
exec "$0"
`;

/** The process id of the machine's first process, as the host sees it; undefined if no machine runs. */
export function machinePid(): number | undefined {
  const parent = parentPid();
  return parent === undefined ? undefined : onlyChild(parent);
}

/** Makes the machine and its cable to the host. */
export async function openMachine(): Promise<void> {
  refuseTakenAddresses();
  for (const folder of [...OWN_FOLDERS, logFolder]) mkdirSync(folder, { recursive: true });
  const namespaces = ["--pid", "--net", "--mount", "--uts", "--ipc", "--mount-proc", "--propagation", "slave"];
  const log = openSync(join(logFolder, "machine.log"), "a");
  const parent = spawn(
    "unshare",
    [...namespaces, "--fork", "--kill-child", "--", "sh", "-c", SETUP, join(binFolder(), "pause")],
    { detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  parent.unref();
  if (parent.pid === undefined) throw new Error("unshare, of Debian's package util-linux, does not start");
  writeFileSync(pidFile, processMark(parent.pid) ?? "");
  connect(await until("the machine's first process runs", START_LIMIT_MS, firstProcess));
}

/** Ends the machine with all that runs in it; gives whether there was one. */
export async function closeMachine(): Promise<boolean> {
  const parent = parentPid();
  if (parent === undefined) return false;
  const pid = onlyChild(parent);
  process.kill(pid ?? parent, "SIGKILL");
  await until("the machine ends", COMMAND_LIMIT_MS, () =>
    parentPid() === undefined && (pid === undefined || processMark(pid) === undefined) ? true : undefined,
  );
  return true;
}

/** The command line that runs a command inside the machine. */
export function inMachine(command: readonly string[]): readonly [program: string, ...args: string[]] {
  const pid = machinePid();
  if (pid === undefined) throw new Error("no cluster runs here: start one with `node tools/kubernetes/main.ts up`");
  return ["nsenter", "--target", String(pid), "--pid", "--net", "--mount", "--uts", "--ipc", "--", ...command];
}

/** Runs a short command inside the machine and gives what it printed. */
export function runInMachine(...command: readonly string[]): string {
  const [program, ...args] = inMachine(command);
  return run(program, ...args);
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    timeout: COMMAND_LIMIT_MS,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function connect(pid: number): void {
  const { host, node, linkBits, range } = addresses;
  run("ip", "link", "add", linkName, "type", "veth", "peer", "name", "eth0", "netns", String(pid));
  run("ip", "address", "add", `${host}/${String(linkBits)}`, "dev", linkName);
  run("ip", "link", "set", linkName, "up");
  runInMachine("ip", "address", "add", `${node}/${String(linkBits)}`, "dev", "eth0");
  runInMachine("ip", "link", "set", "eth0", "up");
  runInMachine("ip", "route", "add", "default", "via", host);
  runInMachine("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
  run("ip", "route", "add", range, "via", node);
}

function refuseTakenAddresses(): void {
  const routes = run("ip", "-4", "route", "show").split("\n");
  const taken = routes.find((route) => route.startsWith(addresses.rangePrefix) && !route.includes(` dev ${linkName}`));
  if (taken !== undefined)
    throw new Error(`this machine has a route into ${addresses.range}, which the cluster needs for itself: ${taken}`);
}

/** The first process once it has become the program that does nothing: then all is set up. */
function firstProcess(): number | undefined {
  const pid = machinePid();
  if (pid === undefined) throw new Error(`see ${join(logFolder, "machine.log")}`);
  const command = readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").split("\0")[0];
  return command?.endsWith("/pause") === true ? pid : undefined;
}

/** The process that made the namespaces and waits for their end. */
function parentPid(): number | undefined {
  return existsSync(pidFile) ? markedProcess(readFileSync(pidFile, "utf8")) : undefined;
}

function onlyChild(parent: number): number | undefined {
  const id = String(parent);
  const children = readFileSync(`/proc/${id}/task/${id}/children`, "utf8").trim();
  return children === "" ? undefined : Number(children);
}
