import { networkInterfaces } from "node:os";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { parseArguments } from "../config/parse-arguments.ts";
import type { ConfigWarning } from "../config/refusal.ts";
import { CommandError } from "./command-error.ts";

/** What the operator knows of a member, and where the member is to listen. */
export interface MemberPlace {
  readonly clusterUid: string;
  readonly podName: string;
  readonly peerHostSuffix: string;
  readonly dataDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  /** An IP address; undefined: all addresses of the machine. */
  readonly listenHost: string | undefined;
}

/** Flags of etcd that follow from the pod or from the permit, or that would undo what a permit is for. */
const OPERATORS_OWN: ReadonlySet<string> = new Set([
  "name",
  "data-dir",
  "wal-dir",
  "initial-cluster",
  "initial-cluster-state",
  "initial-cluster-token",
  "initial-advertise-peer-urls",
  "advertise-client-urls",
  "listen-peer-urls",
  "listen-client-urls",
  "listen-client-http-urls",
  "listen-metrics-urls",
  "config-file",
  "force-new-cluster",
  "version",
]);

/** Where the peers of a member reach it. */
export function peerUrlOf({ podName, peerHostSuffix, peerPort }: MemberPlace): string {
  return `http://${podName}.${peerHostSuffix}:${String(peerPort)}`;
}

/**
 * The configuration of a member in its place, with etcd's flags as the user gave them. Neither the environment nor a file
 * is read: all that a pod is run with is to be seen in its command.
 */
export function memberConfig(
  place: MemberPlace,
  etcdFlags: readonly string[],
): { readonly config: Config; readonly warnings: readonly ConfigWarning[] } {
  refuseOperatorsOwn(etcdFlags);
  const loaded = loadConfig({ args: [...etcdFlags, ...derivedFlags(place)], env: {}, readFile: () => "" });
  switch (loaded.kind) {
    case "run":
      return loaded;
    case "refused":
      throw new CommandError(loaded.message);
    case "help":
    case "version":
      throw new CommandError(`only etcd's flags may follow "--"; for their help type: etcd --help`);
  }
}

function refuseOperatorsOwn(etcdFlags: readonly string[]): void {
  const parsed = parseArguments(etcdFlags);
  // What cannot be read is refused again, and explained, by the configuration.
  if (parsed.kind !== "given") return;
  for (const name of parsed.given.keys()) {
    if (!OPERATORS_OWN.has(name) && !name.startsWith("discovery")) continue;
    throw new CommandError(
      `--${name} is not for the user of an operated cluster to set: it follows from the pod and its permit; ` +
        `leave it out of what comes after "--"`,
    );
  }
}

function derivedFlags(place: MemberPlace): readonly string[] {
  const { clusterUid, podName, peerHostSuffix, dataDir, clientPort, peerPort } = place;
  const host = place.listenHost ?? everyAddress();
  const listenHost = host.includes(":") ? `[${host}]` : host;
  const peerUrl = peerUrlOf(place);
  return [
    `--name=${podName}`,
    `--data-dir=${dataDir}`,
    `--listen-peer-urls=http://${listenHost}:${String(peerPort)}`,
    `--listen-client-urls=http://${listenHost}:${String(clientPort)}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--advertise-client-urls=http://${podName}.${peerHostSuffix}:${String(clientPort)}`,
    // The permit says more; this much is true of any.
    `--initial-cluster=${podName}=${peerUrl}`,
    `--initial-cluster-token=${clusterUid}`,
  ];
}

/** Both families on one socket where the machine has IPv6 at all. */
function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.some((address) => address?.family === "IPv6") ? "::" : "0.0.0.0";
}
