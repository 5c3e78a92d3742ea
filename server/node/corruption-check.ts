import { DomainError } from "../base/domain-error.ts";
import { hexId, NO_NODE, type NodeId } from "../base/ids.ts";
import type { Member } from "../cluster/member.ts";
import type { HashKvResult } from "../mvcc/hash.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerCalls, PeerHashKv } from "../ports/network.ts";
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from "../proto/gen/rpc_pb.js";
import { corruptMembers } from "./corrupt-members.ts";
import type { Hashing } from "./hashing.ts";
import type { Leadership } from "./leadership.ts";
import type { Command } from "./proposals.ts";
import type { Replica } from "./replica.ts";

/** How long a peer may take to hash its store. */
const HASH_TIMEOUT_MS = 5000;

/** A member's data differs from its peers': it must not serve. */
export class CorruptionError extends Error {
  override readonly name = "CorruptionError";
}

export interface CorruptionCheckOptions {
  readonly selfId: NodeId;
  readonly replica: Replica;
  readonly hashing: Hashing;
  readonly leadership: Leadership;
  readonly calls: PeerCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command) => Promise<unknown>;
  /** Resolves when this member has applied all that was committed before the call. */
  readonly catchUp: () => Promise<void>;
  /** How often the leader compares the whole data of all members; undefined: never. */
  readonly corruptCheckMs: number | undefined;
  /** How often the leader compares the hashes of finished compactions; undefined: never. */
  readonly compactHashCheckMs: number | undefined;
}

/** Compares this member's data with its peers' (--corrupt-check-time, and the features InitialCorruptCheck and CompactHashCheck). */
export class CorruptionCheck {
  readonly #options: CorruptionCheckOptions;
  readonly #timers: readonly Timer[];
  /** The newest compaction that all members agreed on; older ones need no look. */
  #agreedRevision = 0;

  constructor(options: CorruptionCheckOptions) {
    this.#options = options;
    const { corruptCheckMs, compactHashCheckMs } = options;
    this.#timers = [
      ...this.#every(corruptCheckMs, "failed to check hash KV", () => this.#compareAll()),
      ...this.#every(compactHashCheckMs, "failed compaction hash check", () => this.#compareCompactions()),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** While this member leads; a round that takes longer than the time between two is not joined by a second. */
  #every(everyMs: number | undefined, failure: string, check: () => Promise<void>): readonly Timer[] {
    const { clock, leadership, logger } = this.#options;
    if (everyMs === undefined) return [];
    let isUnderWay = false;
    const round = async (): Promise<void> => {
      isUnderWay = true;
      try {
        await check();
      } catch (error) {
        logger.warn(failure, { error: String(error) });
      } finally {
        isUnderWay = false;
      }
    };
    return [
      clock.every(everyMs, () => {
        if (leadership.isLeader && !isUnderWay) void round();
      }),
    ];
  }

  /** Before this member serves: rejects with a CorruptionError if a peer at the same point has other data. */
  async beforeServing(): Promise<void> {
    const { hashing, logger } = this.#options;
    const own = await hashing.hashKv(0);
    logger.info("starting initial corruption check", { revision: own.revision, hash: own.hash });
    const answers = await this.#ask(own.revision);
    const differing = answers.filter(({ answer }) => differs(own, answer));
    if (differing.length > 0) {
      const peers = differing.map(({ member }) => hexId(member.id)).join(", ");
      throw new CorruptionError(
        `found data inconsistency with peers: at revision ${String(own.revision)} this member's hash is ` +
          `${String(own.hash)}, that of ${peers} is another; replace the member whose data is wrong`,
      );
    }
    logger.info("initial corruption checking passed; no corruption", { asked: answers.length });
  }

  /**
   * The same data has to have the same hash, and no follower can be ahead of a leader that has caught up with the log
   * (etcd's PeriodicCheck). One alarm a round: with it the cluster serves no more.
   */
  async #compareAll(): Promise<void> {
    const { selfId, hashing, catchUp, logger } = this.#options;
    const before = await hashing.hashKv(0);
    const answers = await this.#ask(before.revision);
    await catchUp();
    const after = await hashing.hashKv(0);
    const hasChanged =
      after.revision === before.revision &&
      after.compactRevision === before.compactRevision &&
      after.hash !== before.hash;
    const suspect = answers.find(
      ({ answer }) =>
        answer.revision > after.revision || answer.compactRevision > after.compactRevision || differs(before, answer),
    );
    if (hasChanged) await this.#alarm(selfId, before);
    else if (suspect) await this.#alarm(suspect.member.id, before);
    logger.info("finished peer corruption check", { "number-of-peers-checked": answers.length });
  }

  /** The newest compaction that everybody has finished has to have one hash. */
  async #compareCompactions(): Promise<void> {
    const { replica, logger } = this.#options;
    const unchecked = replica.machine.mvcc.cachedHashes().filter(({ revision }) => revision > this.#agreedRevision);
    let checked = 0;
    for (const own of unchecked) {
      checked++;
      if ((await this.#compareCompaction(own)) === "settled") break;
    }
    logger.info("finished compaction hash check", { "number-of-hashes-checked": checked });
  }

  /** Of a member that is away, or has gone through the compaction in two runs, nothing can be said. */
  async #compareCompaction(own: HashKvResult): Promise<"settled" | "open"> {
    const { selfId } = this.#options;
    const others = this.#others().length;
    const answers = (await this.#ask(own.revision)).filter(({ answer }) => isComparable(own, answer));
    const hashes = answers.map(({ member, answer }) => ({ id: member.id, hash: answer.hash }));
    const corrupt = corruptMembers([{ id: selfId, hash: own.hash }, ...hashes], others + 1);
    for (const id of corrupt) await this.#alarm(id, own);
    if (corrupt.length > 0) return "settled";
    if (answers.length < others) return "open";
    this.#agreedRevision = own.revision;
    return "settled";
  }

  async #alarm(memberID: NodeId, { revision, hash }: HashKvResult): Promise<void> {
    const { logger, propose } = this.#options;
    logger.error("found data that differs between members: the CORRUPT alarm is raised, keys are served no more", {
      "corrupt-member-id": memberID === NO_NODE ? "unknown" : hexId(memberID),
      revision,
      "leader-hash": hash,
    });
    await propose({ alarm: { action: AlarmAction.ACTIVATE, memberID, alarm: AlarmType.CORRUPT } });
  }

  #others(): readonly Member[] {
    const { selfId, replica } = this.#options;
    return replica.machine.membership.members.filter((member) => member.id !== selfId);
  }

  /** The answers that came: a peer that is down, behind or has compacted further has nothing to compare. */
  async #ask(revision: number): Promise<readonly { readonly member: Member; readonly answer: PeerHashKv }[]> {
    const { calls, logger } = this.#options;
    const answers = await Promise.all(
      this.#others().map(async (member) => {
        try {
          return { member, answer: await calls.hashKv(member.peerUrls, revision, HASH_TIMEOUT_MS) };
        } catch (error) {
          const reason = error instanceof DomainError ? error.fault : String(error);
          logger.warn("peer has nothing to compare", { "remote-peer-id": hexId(member.id), reason });
          return undefined;
        }
      }),
    );
    return answers.filter((answer) => answer !== undefined);
  }
}

function differs(own: HashKvResult, other: PeerHashKv): boolean {
  return isComparable(own, other) && other.hash !== own.hash;
}

/** Only hashes over the same range say something. */
function isComparable(own: HashKvResult, other: PeerHashKv): boolean {
  return other.compactRevision === own.compactRevision && other.hashRevision === own.revision;
}
