import type { MessageInitShape } from "@bufbuild/protobuf";
import type { KeyValue } from "../proto/gen/kv_pb.js";
import type {
  CampaignRequestSchema,
  CampaignResponse,
  LeaderKey,
  LeaderRequestSchema,
  LeaderResponse,
  ProclaimRequestSchema,
} from "../proto/gen/v3election_pb.js";
import { RpcError } from "../rpc/status.ts";
import type { CallOptions, ResponseStream } from "./calls.ts";
import type { KeptLease, LeaseClient } from "./kept-lease.ts";
import { waitForTurn, type TurnOptions } from "./leased-turn.ts";
import { resumed } from "./resumed.ts";
import { realTiming, type Timing } from "./timing.ts";

/** What elections need of a client. */
export interface ElectionClient extends LeaseClient {
  readonly election: {
    campaign(request: MessageInitShape<typeof CampaignRequestSchema>, options?: CallOptions): Promise<CampaignResponse>;
    proclaim(request: MessageInitShape<typeof ProclaimRequestSchema>): Promise<unknown>;
    leader(request: MessageInitShape<typeof LeaderRequestSchema>): Promise<LeaderResponse>;
    observe(request: MessageInitShape<typeof LeaderRequestSchema>): ResponseStream<LeaderResponse>;
  };
}

/** An election that was won: until `resign`, or until `lost` is aborted. */
export interface Leadership extends AsyncDisposable {
  readonly leaseId: bigint;
  /** Stop leading when this is aborted: somebody else may lead soon. */
  readonly lost: AbortSignal;
  /** Changes the value that observers see. */
  proclaim(value: string): Promise<void>;
  resign(): Promise<void>;
}

/** Who leads, and the value that he proclaims. */
export interface Leader {
  readonly value: string;
  readonly leaseId: bigint;
  /** Grows with each new leader and each new value. */
  readonly revision: number;
}

/** Waits until this candidate leads. */
export async function campaign(
  client: ElectionClient,
  name: string,
  value: string,
  options: TurnOptions = {},
  timing: Timing = realTiming,
): Promise<Leadership> {
  const request = { name: bytes(name), value: bytes(value) };
  const ask = (lease: bigint, call: CallOptions): Promise<CampaignResponse> =>
    client.election.campaign({ ...request, lease }, call);
  const { lease, answer } = await waitForTurn(client, options, ask, timing);
  return leadership(client, lease, answer.leader);
}

function leadership(client: ElectionClient, lease: KeptLease, leader: LeaderKey | undefined): Leadership {
  // With its lease goes the candidate's key.
  const resign = (): Promise<void> => lease.revoke();
  return {
    leaseId: lease.id,
    lost: lease.lost,
    proclaim: async (value) => {
      await client.election.proclaim({ ...(leader && { leader }), value: bytes(value) });
    },
    resign,
    [Symbol.asyncDispose]: resign,
  };
}

/** What etcd says when nobody leads. */
const NO_LEADER = "election: no leader";

/** Who leads now; undefined if nobody does. */
export async function currentLeader(client: ElectionClient, name: string): Promise<Leader | undefined> {
  try {
    return leaderOf((await client.election.leader({ name: bytes(name) })).kv);
  } catch (error) {
    if (error instanceof RpcError && error.message.includes(NO_LEADER)) return undefined;
    throw error;
  }
}

/** Who leads now, and then each new leader and value, across broken connections; ends with the signal. */
export async function* observeLeaders(
  client: ElectionClient,
  name: string,
  signal?: AbortSignal,
  timing: Timing = realTiming,
): AsyncGenerator<Leader, void> {
  let lastRevision = 0;
  yield* resumed({ client, timing, signal }, async function* () {
    for await (const leader of observeOnce(client, name, signal)) {
      // A new connection begins with the leader that was told already.
      if (leader.revision <= lastRevision) continue;
      lastRevision = leader.revision;
      yield leader;
    }
  });
}

/** The leaders that one connection tells of. */
async function* observeOnce(client: ElectionClient, name: string, signal?: AbortSignal): AsyncGenerator<Leader, void> {
  const stream = client.election.observe({ name: bytes(name) });
  const cancel = (): void => stream.cancel();
  signal?.addEventListener("abort", cancel);
  try {
    for await (const { kv } of stream) {
      const leader = leaderOf(kv);
      if (leader) yield leader;
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    stream.cancel();
  }
}

function leaderOf(kv: KeyValue | undefined): Leader | undefined {
  if (kv === undefined) return undefined;
  return { value: new TextDecoder().decode(kv.value), leaseId: kv.lease, revision: Number(kv.modRevision) };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
