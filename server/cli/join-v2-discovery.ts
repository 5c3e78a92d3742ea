import { posix } from "node:path";
import { messageOf } from "../base/message-of.ts";
import { parseInitialCluster } from "../config/initial-cluster.ts";
import { pause } from "../node/pause.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { discoveryFailure } from "./discovery-failure.ts";
import { isFull, parseSize } from "./discovery-registry.ts";
import { NoV2KeysError, UnavailableError, V2_NODE_EXISTS, V2KeysError, type V2Keys, type V2Node } from "./v2-keys.ts";

/** The first pause before the service is asked again, how often it doubles, and how often it is asked at all (etcd's numbers). */
const FIRST_PAUSE_MS = 2000;
const DOUBLINGS_MAX = 7;
const RETRIES_MAX = 2 ** 32 - 1;

/** Who joins, what with, and what it tells the others. */
export interface JoiningMember {
  readonly keys: V2Keys;
  /** The folder of the token. */
  readonly folder: string;
  readonly memberId: bigint;
  /** This member in the form of `--initial-cluster`. */
  readonly peers: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes this member under the token and waits until as many are there as are wanted (etcd v2discovery.JoinCluster).
 * Answers with all of them in the form of `--initial-cluster`. An unreachable service is asked again and again; one that
 * is full, not set up, knows this member already or hangs ends the start.
 */
export async function joinV2Discovery(member: JoiningMember): Promise<string> {
  const retries = new Retries(member);
  // Whoever finds the cluster full leaves no trace in it.
  await standing(member, retries);
  await register(member);
  for (;;) {
    const found = await othersToo(member, await standing(member, retries));
    if (found instanceof UnavailableError) await retries.wait("waiting for other nodes", found);
    else return initialClusterText(found);
  }
}

interface Standing {
  readonly size: number;
  /** In the order of their coming, with the last part of their keys. */
  readonly members: readonly V2Node[];
  readonly index: number;
}

/** How many are wanted, and who is there; asked until the service can be reached. */
async function standing(member: JoiningMember, retries: Retries): Promise<Standing> {
  for (;;) {
    try {
      return await ask(member);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      await retries.wait("cluster status check", error);
    }
  }
}

async function ask(member: JoiningMember): Promise<Standing> {
  const { keys, folder } = member;
  const size = await sizeIn(keys, posix.join("/", folder, "_config/size"));
  const { node, index } = await keys.get(folder).catch(fail);
  const named = node.nodes.map((inside) => ({ ...inside, key: posix.basename(inside.key) }));
  const members = named.filter(({ key }) => key !== "_config").toSorted((a, b) => a.createdIndex - b.createdIndex);
  if (isFull(members, selfName(member), size)) throw discoveryFailure("discovery: cluster is full");
  return { size, members: members.slice(0, size), index };
}

async function sizeIn(keys: V2Keys, path: string): Promise<number> {
  const { node } = await keys.get(path).catch((error: unknown) => {
    if (error instanceof V2KeysError) {
      const advice = `write the number of members to ${path}, under a token of their own`;
      throw discoveryFailure(`discovery: size key not found: ${error.message}`, advice);
    }
    if (error instanceof NoV2KeysError) {
      throw discoveryFailure(
        "discovery: bad discovery endpoint",
        "what --discovery leads to is no v2 API of etcd's keys",
      );
    }
    return fail(error);
  });
  const size = /^\d+$/.test(node.value) ? parseSize(node.value) : undefined;
  if (size === undefined) throw discoveryFailure("discovery: size key is bad");
  return size;
}

/** Once only: whether a write that failed was done nobody can tell, and a second one would find this member there. */
async function register(member: JoiningMember): Promise<void> {
  const { keys, folder, peers } = member;
  const path = posix.join("/", folder, selfName(member));
  const { node } = await keys.create(path, peers).catch((error: unknown) => {
    if (error instanceof V2KeysError && error.code === V2_NODE_EXISTS) {
      const advice = "check the data dir if this member was founded before, or use a new discovery token";
      throw discoveryFailure("discovery: found duplicate id", advice);
    }
    return giveUp(error);
  });
  // The folder is listed next, perhaps by another member of the service: that one has to know of the key by then.
  await keys.changeAfter(node.createdIndex - 1, path, "key").catch(giveUp);
}

/** Everybody, once as many have come as are wanted; or that the service went away meanwhile. */
async function othersToo(
  member: JoiningMember,
  { size, members, index }: Standing,
): Promise<readonly V2Node[] | UnavailableError> {
  const { keys, folder, logger } = member;
  for (const { key } of members) {
    if (key === selfName(member)) logger.info("found self from discovery server", { self: key });
    else logger.info("found peer from discovery server", { peer: key });
  }
  const all = [...members];
  let from = index;
  while (all.length < size) {
    const counts = { "found-peers": all.length, "needed-peers": size - all.length };
    logger.info("found peers from discovery server; waiting for more", counts);
    try {
      const { node } = await keys.changeAfter(from, folder, "folder");
      logger.info("found peer from discovery server", { peer: posix.basename(node.key) });
      all.push(node);
      from = node.modifiedIndex;
    } catch (error) {
      if (error instanceof UnavailableError) return error;
      fail(error);
    }
  }
  logger.info("found all needed peers from discovery server", { "found-peers": all.length });
  return all;
}

function initialClusterText(members: readonly V2Node[]): string {
  const text = members.map(({ value }) => value).join(",");
  const cluster = parseInitialCluster(text);
  if (!cluster.ok) throw discoveryFailure(`discovery: invalid URL: ${cluster.reason}`);
  if (cluster.value.length === members.length) return text;
  throw discoveryFailure(
    "discovery: found duplicate name",
    "give every member its own --name, and the cluster a new token",
  );
}

function selfName({ memberId }: JoiningMember): string {
  return memberId.toString(16);
}

/** Ends the start with what went wrong, unless asking again may help. */
function fail(error: unknown): never {
  if (error instanceof UnavailableError) throw error;
  return giveUp(error);
}

function giveUp(error: unknown): never {
  throw discoveryFailure(messageOf(error));
}

/** The pauses between attempts, which grow over the whole of a start. */
class Retries {
  readonly #member: JoiningMember;
  #count = 0;

  constructor(member: JoiningMember) {
    this.#member = member;
  }

  async wait(reason: string, error: UnavailableError): Promise<void> {
    if (this.#count >= RETRIES_MAX) throw discoveryFailure("discovery: too many retries");
    const pauseMs = FIRST_PAUSE_MS * 2 ** Math.min(this.#count++, DOUBLINGS_MAX);
    const told = { reason, backoff: `${String(pauseMs / 1000)}s`, error: error.message };
    this.#member.logger.warn("retry connecting to discovery service", told);
    await pause(this.#member.clock, pauseMs);
  }
}
