import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { memberLocalAddress } from "../config/member-local-address.ts";
import { verifyBootstrap } from "../config/verify-bootstrap.ts";
import { cryptoRandom } from "../host/crypto-random.ts";
import { openLeveldownStore } from "../host/leveldown-store.ts";
import { nodeClock } from "../host/node-clock.ts";
import { measuredDisk } from "../host/measured-disk.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { unsyncedDisk } from "../host/unsynced-disk.ts";
import { BootstrapError, type MemberIdentity } from "../node/bootstrap.ts";
import { dataFolder } from "../node/data-folder.ts";
import type { Node } from "../node/node.ts";
import type { NodeWorld } from "../node/node-options.ts";
import { NodeTallies } from "../node/node-tallies.ts";
import { startNode } from "../node/start-node.ts";
import type { DiskLock } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import { peerCalls } from "../transport/peer-calls.ts";
import { PeerClient, type PeerTls } from "../transport/peer-client.ts";
import { peerHttpHandler } from "../transport/peer-http.ts";
import { PeerNetwork } from "../transport/peer-network.ts";
import { walExists } from "../wal/wal.ts";
import { foundingConfig } from "./founding-config.ts";
import { nodeConfig } from "./node-config.ts";
import type { PeerPort } from "./peer-port.ts";
import { peerServerName, withServerName } from "./peer-server-name.ts";

/** How long a connection to a peer may take before there is a network that knows the election timeout. */
const DIAL_TIMEOUT_MS = 2000;

export interface MemberOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly peerPort: Pick<PeerPort, "start">;
  readonly peerTls: PeerTls | undefined;
  readonly onFatal: (error: unknown) => void;
  /** What whoever supervises the member adds; without it the flags say all there is. */
  readonly supervision?: Supervision;
}

/** A member whose start is watched over: by `kvorum member`. */
export interface Supervision {
  /** Who the member has to be if it joins a running cluster. */
  readonly joinsAs: MemberIdentity | undefined;
  readonly lock: NodeWorld["lock"];
  readonly beforeTakingPart: (member: MemberIdentity) => Promise<void>;
  /** The cluster has removed this member; without supervision that ends the process. */
  readonly onRemoved: () => void;
}

/** Starts the member of this process over the real disk, clock and network. */
export async function startMember({
  config: given,
  logger,
  metrics,
  peerPort,
  peerTls,
  onFatal,
  supervision,
}: MemberOptions): Promise<Node> {
  const clock = nodeClock;
  const folder = dataFolder(given.dataDir, given.walDir);
  const isFounded = await walExists(nodeDisk, folder.wal);
  const config = isFounded ? known(given, folder.wal, logger) : await found(given, logger);
  // As in etcd, a later start knows the members from its log and asks for their own names.
  const tls = isFounded ? peerTls : withServerName(peerTls, peerServerName(config));
  const { cluster, ...rest } = nodeConfig(config);
  const tallies = talliesOf(config, logger);
  const localAddress = localAddressOf(config, logger);
  const disk = config.unsafeNoFsync ? unsyncedDisk(nodeDisk) : nodeDisk;
  return startNode(
    { ...rest, cluster: { ...cluster, joinsAs: supervision?.joinsAs } },
    {
      disk: measuredDisk(disk, folder.wal, tallies.disk),
      tallies,
      folder,
      clock,
      logger,
      onFatal,
      random: cryptoRandom,
      openStore: openLeveldownStore,
      lock: supervision?.lock ?? lockFolder,
      beforeTakingPart: supervision?.beforeTakingPart,
      calls: peerCalls({ client: new PeerClient({ tls, localAddress, clock, dialTimeoutMs: DIAL_TIMEOUT_MS }), clock }),
      connect(handlers, { selfId, clusterId, peers }) {
        const network = new PeerNetwork({
          handlers,
          selfId,
          clusterId,
          peers,
          clock,
          logger,
          tls,
          localAddress,
          metrics,
          localPeerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
          electionTimeoutMs: config.electionTimeoutMs,
        });
        peerPort.start(peerHttpHandler({ handlers, network, clock, logger, onBug: onFatal }));
        return network;
      },
      onRemoved() {
        logger.warn("server has been removed", { error: "the member has been permanently removed from the cluster" });
        if (supervision) supervision.onRemoved();
        else onFatal(new BootstrapError("the member has been permanently removed from the cluster"));
      },
    },
  );
}

/** Keeps a second process out of a data dir. */
export function lockFolder(root: string): Promise<DiskLock> {
  return nodeDisk.lock(join(root, "lock"));
}

/** What the member counts; what takes too long to apply is logged, too. */
function talliesOf({ warningApplyDurationMs }: Config, logger: Logger): NodeTallies {
  return new NodeTallies({
    nowMs: () => nodeClock.monotonicMs(),
    slowApplyMs: warningApplyDurationMs,
    onSlowApply(operation, tookMs) {
      const took = `${tookMs.toFixed(3)}ms`;
      const expected = `${String(warningApplyDurationMs)}ms`;
      logger.warn("apply request took too long", { took, "expected-duration": expected, request: operation });
    },
  });
}

function localAddressOf(config: Config, logger: Logger): string | undefined {
  if (!config.featureGates.SetMemberLocalAddr) return undefined;
  const address = memberLocalAddress(config);
  if (address !== undefined) logger.info("setting member local address", { LocalAddr: address });
  else logger.warn("unable to set a member local address due to lack of suitable local addresses");
  return address;
}

/** Asked of an empty data dir only: later the members are what the log says, and the flags may be out of date. */
async function found(given: Config, logger: Logger): Promise<Config> {
  const config = await foundingConfig(given, logger);
  const mismatch = verifyBootstrap(config);
  if (mismatch !== undefined) throw new BootstrapError(mismatch);
  return config;
}

function known(config: Config, walFolder: string, logger: Logger): Config {
  if (config.discovery?.kind === "registry" || config.discovery?.kind === "folder") {
    logger.warn("discovery token is ignored since cluster already initialized; valid logs are found", {
      "wal-dir": walFolder,
    });
  }
  return config;
}
