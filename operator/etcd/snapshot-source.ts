import { createHash } from "node:crypto";
import { Client, RpcError, type ClientOptions } from "../../server/client/client.ts";
import type { HexId } from "../types/hex-id.ts";
import type { RunningMember } from "../types/running-member.ts";
import { memberHealth } from "./member-health.ts";

/** The database's SHA-256 comes last. */
const TRAILER_BYTES = 32;
/** Databases are whole pages, and no page is smaller. */
const PAGE_UNIT_BYTES = 512;
/** The member writes its database into a file first, which takes minutes for many gigabytes. */
const FIRST_PIECE_TIMEOUT_MS = 600_000;
const NEXT_PIECE_TIMEOUT_MS = 60_000;

/** Which member a snapshot is taken from if there is a choice: a follower has less to do than the leader. */
export type SourcePreference = "PreferFollower" | "Leader";

/** A member that can give a snapshot. */
export interface SnapshotSource {
  readonly endpoint: string;
  readonly memberId: HexId;
  readonly clusterId: HexId;
  readonly isLeader: boolean;
  readonly serverVersion: string;
  readonly etcdVersion: string;
  /** About how large the snapshot will be: at most this. */
  readonly dbSize: number;
}

/** No snapshot could be had; the sentence says why. */
export class SnapshotSourceError extends Error {
  override readonly name = "SnapshotSourceError";
}

/** An endpoint of a member with its peer URL, which tells the release. */
export interface SourceEndpoint {
  readonly endpoint: string;
  readonly peerUrl: string;
}

/**
 * The healthy voters among the endpoints, the best one first: followers before the leader unless that is preferred, the
 * furthest log first. All must be of one cluster. Throws a SnapshotSourceError if there is none.
 */
export async function findSnapshotSources(
  endpoints: readonly SourceEndpoint[],
  preference: SourcePreference,
  tls?: ClientOptions["tls"],
): Promise<readonly SnapshotSource[]> {
  const looks = await Promise.all(endpoints.map((endpoint) => look(endpoint, tls)));
  const healthy = looks.flatMap(({ endpoint, health }) =>
    health.kind === "Running" && health.healthy && !health.isLearner ? [{ endpoint, member: health }] : [],
  );
  if (healthy.length === 0) {
    const reasons = looks.map(({ endpoint, health }) => `${endpoint} ${reasonOf(health)}`);
    throw new SnapshotSourceError(`no healthy member to take a snapshot from: ${reasons.join("; ")}`);
  }
  const clusters = new Set(healthy.map(({ member }) => member.clusterId));
  if (clusters.size > 1) {
    throw new SnapshotSourceError(`the endpoints belong to several clusters: ${[...clusters].join(", ")}`);
  }
  const rank = ({ isLeader }: RunningMember): number => (isLeader === (preference === "Leader") ? 0 : 1);
  return healthy
    .toSorted((a, b) => rank(a.member) - rank(b.member) || b.member.raftIndex - a.member.raftIndex)
    .map(({ endpoint, member }) => sourceOf(endpoint, member));
}

async function look({ endpoint, peerUrl }: SourceEndpoint, tls: ClientOptions["tls"]) {
  const client = new Client({ endpoints: [endpoint], ...(tls && { tls }) });
  try {
    return { endpoint, health: await memberHealth({ client, peerUrl }) };
  } finally {
    client.close();
  }
}

function reasonOf(health: Awaited<ReturnType<typeof memberHealth>>): string {
  if (health.kind === "Unreachable") return `does not answer (${health.message})`;
  if (health.isLearner) return "is a learner";
  return `is not healthy (${health.errors.join(", ") || "no leader"})`;
}

function sourceOf(endpoint: string, member: RunningMember): SnapshotSource {
  const { memberId, clusterId, isLeader, version, etcdVersion, dbSize } = member;
  return { endpoint, memberId, clusterId, isLeader, serverVersion: version, etcdVersion, dbSize };
}

/**
 * The bytes of a snapshot, as `etcdctl snapshot save` writes them to a file, a piece at a time: nothing is gathered. Its
 * SHA-256 is checked on the way; a snapshot that arrives damaged or not in full ends with a SnapshotSourceError.
 */
export async function* readSnapshot(endpoint: string, tls?: ClientOptions["tls"]): AsyncGenerator<Uint8Array> {
  const client = new Client({ endpoints: [endpoint], ...(tls && { tls }) });
  const stream = client.maintenance.snapshot({});
  const check = new TrailerCheck();
  const patience = new Patience(() => stream.cancel());
  try {
    patience.wait(FIRST_PIECE_TIMEOUT_MS);
    for await (const { blob } of stream) {
      // Only the member's time counts, not that of whoever takes the pieces.
      patience.rest();
      check.update(blob);
      yield blob;
      patience.wait(NEXT_PIECE_TIMEOUT_MS);
    }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    const why = patience.exhausted ?? error.message;
    throw new SnapshotSourceError(
      `the snapshot of ${endpoint} broke off after ${String(check.bytes)} bytes: ${why}; take the backup again`,
      { cause: error },
    );
  } finally {
    patience.rest();
    client.close();
  }
  const flaw = check.flaw();
  if (flaw === undefined) return;
  throw new SnapshotSourceError(`the snapshot of ${endpoint} arrived damaged: ${flaw}; take the backup again`);
}

/** How long a member may keep us waiting. */
class Patience {
  /** What was waited for in vain. */
  exhausted: string | undefined;
  readonly #onExhausted: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onExhausted: () => void) {
    this.#onExhausted = onExhausted;
  }

  wait(timeoutMs: number): void {
    this.#timer = setTimeout(() => {
      this.exhausted = `nothing came for ${String(timeoutMs / 1000)} s`;
      this.#onExhausted();
    }, timeoutMs);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }
}

/** Hashes all but the last 32 bytes of a stream whose end is not known, and compares. */
class TrailerCheck {
  bytes = 0;
  readonly #hash = createHash("sha256");
  /** At most the length of a trailer: it may be one. */
  #held: Uint8Array = new Uint8Array();

  update(piece: Uint8Array): void {
    this.bytes += piece.length;
    const keep = Math.min(TRAILER_BYTES, this.#held.length + piece.length);
    const fromHeld = Math.max(0, keep - piece.length);
    this.#hash.update(this.#held.subarray(0, this.#held.length - fromHeld));
    this.#hash.update(piece.subarray(0, piece.length - (keep - fromHeld)));
    const held = new Uint8Array(keep);
    held.set(this.#held.subarray(this.#held.length - fromHeld));
    held.set(piece.subarray(piece.length - (keep - fromHeld)), fromHeld);
    this.#held = held;
  }

  /** What is wrong; undefined if nothing is. */
  flaw(): string | undefined {
    if (this.bytes === 0) return "it is empty";
    if (this.bytes % PAGE_UNIT_BYTES !== TRAILER_BYTES) return `it has ${String(this.bytes)} bytes: it is cut short`;
    return this.#hash.digest().equals(this.#held) ? undefined : "its hash does not match its content";
  }
}
