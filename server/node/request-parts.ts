import { IdGenerator } from "./id-generator.ts";
import type { Leadership } from "./leadership.ts";
import { Logins } from "./logins.ts";
import type { NodeConfig, NodeWorld } from "./node-options.ts";
import { Proposals } from "./proposals.ts";
import { ReadGate } from "./read-gate.ts";
import type { Recovered } from "./recover.ts";
import type { StateParts } from "./state-parts.ts";

/** What a request may take before the time for elections is added (etcd's ReqTimeout). */
const REQUEST_TIMEOUT_MS = 5000;

/** The parts in which requests wait: for the log, for the right to read, for a login. They know nothing of peers. */
export interface RequestParts {
  readonly proposals: Proposals;
  readonly readGate: ReadGate;
  readonly logins: Logins;
  readonly nextId: () => bigint;
  readonly electionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface RequestPartsOptions {
  readonly config: NodeConfig;
  readonly world: NodeWorld;
  readonly recovered: Recovered;
  readonly state: StateParts;
  readonly leadership: Leadership;
  /** Raft is to be asked or told something. */
  readonly onQueued: () => void;
}

/** Makes them for a member as it was recovered. */
export function makeRequestParts(options: RequestPartsOptions): RequestParts {
  const { config, world, recovered, state, leadership, onQueued } = options;
  const { clock } = world;
  const { raft, applied, tallies } = state;
  const electionTimeoutMs = config.tickMs * config.electionTicks;
  const timeoutMs = REQUEST_TIMEOUT_MS + 2 * electionTimeoutMs;
  const ids = new IdGenerator(recovered.selfId, clock.unixMs());
  const nextId = (): bigint => ids.next();
  return {
    nextId,
    electionTimeoutMs,
    requestTimeoutMs: timeoutMs,
    proposals: new Proposals({
      tallies,
      clock,
      nextId,
      maxRequestBytes: config.maxRequestBytes,
      timeoutMs,
      applyLag: () => raft.basicStatus().commit - applied.value,
      onQueued,
      timeoutFault: () => (leadership.leaderlessSinceMs === undefined ? "timeout" : "timeout-leader-fail"),
    }),
    readGate: new ReadGate({
      ask: (context) => {
        raft.readIndex(context);
        onQueued();
      },
      applied,
      tallies,
      clock,
      nextId,
      timeoutMs,
    }),
    logins: new Logins({ clock, applied, ttlMs: config.simpleTokenTtlMs, timeoutMs }),
  };
}
