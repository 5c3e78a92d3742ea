import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { cryptoRandom } from "../host/crypto-random.ts";
import { openLeveldownStore } from "../host/leveldown-store.ts";
import { nodeClock } from "../host/node-clock.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { holdProcessLock } from "../host/process-lock.ts";
import { dataFolder } from "../node/data-folder.ts";
import type { Node } from "../node/node.ts";
import { startNode } from "../node/start-node.ts";
import type { Logger } from "../ports/logger.ts";
import { nodeConfig } from "./node-config.ts";

export interface RunningMember { readonly node: Node; stop(): Promise<void> }

export async function startMember(config: Config, logger: Logger, onFatal: (error: unknown) => void): Promise<RunningMember> {
  const network = { send() {}, sendSnapshot() {}, addPeer() {}, updatePeer() {}, removePeer() {}, activeSinceMs: () => undefined, calls: undefined as never, close: async () => undefined };
  const node = await startNode(nodeConfig(config), {
    disk: nodeDisk, folder: dataFolder(config.dataDir, config.walDir), lock: (folder) => holdProcessLock(join(folder, "lock")),
    openStore: openLeveldownStore, clock: nodeClock, random: cryptoRandom, logger, calls: undefined as never,
    connect: () => network, onFatal, onRemoved: () => process.exit(1),
  });
  return { node, stop: () => node.stop() };
}
