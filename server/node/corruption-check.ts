import { DomainError } from "../base/domain-error.ts";
import { hexId, type NodeId } from "../base/ids.ts";
import type { Member } from "../cluster/member.ts";
import type { HashKvResult } from "../mvcc/hash.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerCalls, PeerHashKv } from "../ports/network.ts";
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from "../proto/gen/rpc_pb.js";
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
  /** How often the leader compares the hashes of finished compactions; undefined: never. */
  readonly compactHashCheckMs: number | undefined;
}

/** Compares this member's data with its peers' (features InitialCorruptCheck and CompactHashCheck). */
export class CorruptionCheck {
  readonly #options: CorruptionCheckOptions;
  readonly #timer: Timer | undefined;
  /** The newest compaction that all members agreed on; older ones need no look. */
  #agreedRevision = 0;

  constructor(options: CorruptionCheckOptions) {
    this.#options = options;
    const { compactHashCheckMs, clock, logger } = options;
    if (compactHashCheckMs === undefined) return;
    this.#timer = clock.every(compactHashCheckMs, () => {
      this.#compareCompactions().catch((error: unknown) => {
        logger.warn("failed compaction hash check", { error: String(error) });
      });
    });
  }

  stop(): void {
    this.#timer?.cancel();
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

  /** On the leader: the newest compaction that everybody has finished has to have one hash. */
  async #compareCompactions(): Promise<void> {
    const { leadership, replica, logger } = this.#options;
    if (!leadership.isLeader) return;
    const others = this.#others().length;
    for (const own of replica.machine.mvcc.cachedHashes()) {
      if (own.revision <= this.#agreedRevision) return;
      const answers = (await this.#ask(own.revision)).filter(
        ({ answer }) => answer.compactRevision === own.compactRevision,
      );
      const differing = answers.filter(({ answer }) => differs(own, answer));
      for (const { member } of differing) await this.#alarm(member, own);
      if (answers.length < others) continue;
      this.#agreedRevision = own.revision;
      logger.info("finished compaction hash check", {
        revision: own.revision,
        "number-of-peers-checked": answers.length,
      });
      return;
    }
  }

  async #alarm(member: Member, own: HashKvResult): Promise<void> {
    const { logger, propose } = this.#options;
    logger.error("failed compaction hash check", {
      "peer-id": hexId(member.id),
      revision: own.revision,
      hash: own.hash,
    });
    await propose({ alarm: { action: AlarmAction.ACTIVATE, memberID: member.id, alarm: AlarmType.CORRUPT } });
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

/** Only hashes over the same range say something. */
function differs(own: HashKvResult, other: PeerHashKv): boolean {
  return (
    other.compactRevision === own.compactRevision && other.hashRevision === own.revision && other.hash !== own.hash
  );
}
