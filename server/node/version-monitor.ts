import { must } from "../base/assert.ts";
import { ETCD_CLUSTER_VERSION, ETCD_VERSION } from "../base/versions.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerCalls, PeerVersion } from "../ports/network.ts";
import type { NodeId } from "../base/ids.ts";
import { newestVersionIn } from "../cluster/entry-version.ts";
import type { MemoryStorage } from "../raft/memory-storage.ts";
import type { Leadership } from "./leadership.ts";
import type { Command } from "./proposals.ts";
import type { Replica } from "./replica.ts";

/** How often the leader asks for everybody's version (etcd's monitorVersionInterval). */
const MONITOR_MS = 4000;
const ASK_TIMEOUT_MS = 1000;
/** What a cluster starts with while some of its members cannot be asked. */
const LOWEST_VERSION = "3.0.0";

export interface VersionMonitorOptions {
  readonly selfId: NodeId;
  readonly replica: Replica;
  readonly leadership: Leadership;
  readonly log: Pick<MemoryStorage, "entries" | "lastIndex" | "snapshot">;
  readonly calls: PeerCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command) => Promise<unknown>;
}

/** Asks the other members for their versions; the leader makes the lowest the cluster version (peer-protocol §5.8). */
export class VersionMonitor {
  readonly #options: VersionMonitorOptions;
  readonly #timer: Timer;
  #isAsking = false;
  /** The last answer of each member, and when it came. */
  readonly #kvorumMembers = new Map<NodeId, boolean>();

  constructor(options: VersionMonitorOptions) {
    this.#options = options;
    this.#timer = options.clock.every(MONITOR_MS, () => {
      this.check();
    });
    options.leadership.onChange(() => {
      this.check();
    });
  }

  stop(): void {
    this.#timer.cancel();
  }

  /** Followers ask too: one of them may lead next and must know then what the others are, dead ones included. */
  check(): void {
    this.updateStorage();
    if (this.#isAsking) return;
    this.#isAsking = true;
    (this.#options.leadership.isLeader ? this.#decide() : this.#ask())
      .catch((error: unknown) => {
        this.#options.logger.warn("failed to decide the cluster version", { error: String(error) });
      })
      .finally(() => {
        this.#isAsking = false;
      });
  }

  /**
   * Brings the version of this member's store after the cluster's, which may have changed, or the store from outside. Every
   * member does it for itself; also to be called when the cluster's version has changed.
   */
  updateStorage(): void {
    const { replica, logger, log } = this.#options;
    const { membership, storageVersion } = replica.machine;
    const { clusterVersion, downgrade } = membership;
    const step = storageVersion.follow(clusterVersion, () => {
      const entries = log.entries(log.snapshot().metadata.index + 1, log.lastIndex() + 1, Infinity);
      return newestVersionIn(must(entries, "the log holds what follows its snapshot"));
    });
    if (step.kind === "same") return;
    const versions = { "cluster-version": clusterVersion, "storage-version": step.from };
    if (step.kind === "refused") {
      logger.error("failed to update storage version", { ...versions, error: step.reason });
      return;
    }
    logger.info("cluster version differs from storage version.", versions);
    logger.info("updated storage version", { "new-storage-version": step.to });
    if (!downgrade.isEnabled) return;
    const { targetVersion } = downgrade;
    logger.info("The server is ready to downgrade", {
      "target-version": targetVersion,
      "server-version": ETCD_VERSION,
    });
  }

  /** Whether every member takes ConfChangeV2: only Kvorum's do (design decision 5). A member that cannot be asked counts as last heard. */
  async allAreKvorum(): Promise<boolean> {
    const { selfId, replica } = this.#options;
    await this.#ask();
    return replica.machine.membership.members.every(
      // One that has not started applies no entries yet; one that has and was never heard of may be etcd's.
      (member) => member.id === selfId || (this.#kvorumMembers.get(member.id) ?? member.name === ""),
    );
  }

  async #decide(): Promise<void> {
    const { replica, propose } = this.#options;
    const lowest = await this.#lowestVersion();
    const { clusterVersion: current, downgrade } = replica.machine.membership;
    if (current === undefined) await propose({ clusterVersionSet: { ver: lowest ?? LOWEST_VERSION } });
    else if (downgrade.isEnabled) await this.#goBack(downgrade.targetVersion, current, lowest);
    else if (lowest !== undefined && compareVersions(lowest, current) > 0) {
      await propose({ clusterVersionSet: { ver: lowest } });
    }
  }

  /** To the version that a downgrade wants; once every member has it, the job is done. */
  async #goBack(target: string, current: string, lowest: string | undefined): Promise<void> {
    const { propose } = this.#options;
    if (lowest === undefined) return;
    if (compareVersions(current, target) !== 0) await propose({ clusterVersionSet: { ver: target } });
    else if (compareVersions(lowest, target) === 0) await propose({ downgradeInfoSet: { enabled: false } });
  }

  /** Major and minor of the oldest member; undefined if one did not answer. */
  async #lowestVersion(): Promise<string | undefined> {
    const answers = await this.#ask();
    if (answers.some((answer) => answer === undefined)) return undefined;
    let lowest = ETCD_CLUSTER_VERSION;
    for (const answer of answers) {
      const version = `${(answer?.etcdserver ?? "").split(".").slice(0, 2).join(".")}.0`;
      if (compareVersions(version, lowest) < 0) lowest = version;
    }
    return lowest;
  }

  #ask(): Promise<readonly (PeerVersion | undefined)[]> {
    const { selfId, replica, calls } = this.#options;
    const others = replica.machine.membership.members.filter((member) => member.id !== selfId);
    return Promise.all(
      others.map(async (member) => {
        try {
          const version = await calls.version(member.peerUrls, ASK_TIMEOUT_MS);
          this.#kvorumMembers.set(member.id, version.kvorum !== undefined);
          return version;
        } catch {
          return undefined;
        }
      }),
    );
  }
}

/** Negative, zero or positive, by major and minor. */
function compareVersions(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split(".").map(Number);
  const [bMajor = 0, bMinor = 0] = b.split(".").map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}
