import { BootstrapError } from "../node/bootstrap.ts";
import { pause } from "../node/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { discoveryFailure } from "./discovery-failure.ts";
import { initialClusterText, inOrder, isFull, parseSize } from "./discovery-registry.ts";
import type { RegisteredMember, RegistryKeys } from "./discovery-registry.ts";

/** The first pause before the registry is asked again, and how often it doubles (etcd's maxExponentialRetries). */
const FIRST_PAUSE_MS = 2000;
const DOUBLINGS_MAX = 7;

/** What a discovery service has to offer; every call may fail, and is tried again. */
export interface Registry {
  value(key: string): Promise<string | undefined>;
  membersUnder(prefix: string): Promise<{ readonly members: readonly RegisteredMember[]; readonly revision: bigint }>;
  write(key: string, value: string): Promise<void>;
  /** Resolves once something under the prefix is written at a revision or later. */
  changed(prefix: string, fromRevision: bigint): Promise<void>;
}

/** Who joins, what with, and what it tells the others. */
export interface JoiningMember {
  readonly registry: Registry;
  readonly keys: RegistryKeys;
  /** This member in the form of `--initial-cluster`. */
  readonly peers: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes this member into the registry and waits until as many are there as are wanted (etcd v3discovery.JoinCluster).
 * Answers with all of them in the form of `--initial-cluster`; an unreachable registry is asked for ever, one that is
 * full or not set up ends the start.
 */
export async function joinRegistry(member: JoiningMember): Promise<string> {
  const { registry, keys, peers, logger } = member;
  await insist(member, "cluster status check", () => standing(member));
  await insist(member, "register member itself", () => registry.write(keys.self, peers));
  logger.info("register member itself successfully", { memberKey: keys.self, memberInfo: peers });
  for (;;) {
    const { size, members, revision } = await insist(member, "cluster status check", () => standing(member));
    if (members.length >= size) {
      const cluster = initialClusterText(members, size);
      logger.info("discovery joined cluster successfully", { cluster });
      return cluster;
    }
    logger.info("waiting for peers from discovery service", { clusterSize: size, "found-peers": members.length });
    await insist(member, "wait for peers", () => registry.changed(keys.members, revision + 1n));
  }
}

interface Standing {
  readonly size: number;
  readonly members: readonly RegisteredMember[];
  readonly revision: bigint;
}

async function standing({ registry, keys }: JoiningMember): Promise<Standing> {
  const text = await registry.value(keys.size);
  if (text === undefined) throw discoveryFailure("discovery: size key not found");
  const size = parseSize(text);
  if (size === undefined) throw discoveryFailure("discovery: size key is bad");
  const { members: written, revision } = await registry.membersUnder(keys.members);
  const members = inOrder(written);
  if (isFull(members, keys.self, size)) throw discoveryFailure("discovery: cluster is full");
  return { size, members, revision };
}

async function insist<T>({ clock, logger }: JoiningMember, reason: string, attempt: () => Promise<T>): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof BootstrapError) throw error;
      const pauseMs = FIRST_PAUSE_MS * 2 ** Math.min(retries, DOUBLINGS_MAX);
      const told = { reason, backoff: `${String(pauseMs / 1000)}s`, error: (error as Error).message };
      logger.warn("retry connecting to discovery service", told);
      await pause(clock, pauseMs);
    }
  }
}
