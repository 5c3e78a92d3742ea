import type { Client } from "../../server/client/client.ts";
import { hexId } from "../types/hex-id.ts";
import type { RunningMember } from "../types/running-member.ts";
import { resultOf } from "./etcd-failure.ts";
import { peerRequest, type PeerRequest } from "./peer-request.ts";

/** Status comes from memory: who does not answer soon is in trouble. */
const STATUS_TIMEOUT_MS = 2000;
/** A linearizable read survives one election at the default timeout. */
const READ_TIMEOUT_MS = 3000;
const VERSION_TIMEOUT_MS = 2000;
/** The key that etcd's own health check reads; it need not be there. */
const HEALTH_KEY = new TextEncoder().encode("health");

/** What looking at one member gave. */
export type MemberHealth = RunningMember | { readonly kind: "Unreachable"; readonly message: string };

export interface MemberAddress {
  /** A client of this member alone. */
  readonly client: Client;
  /** `http://10.0.0.7:2380`: there a member of Kvorum says which release it is. */
  readonly peerUrl: string;
  /** Its release, if it is known already. */
  readonly version?: string | undefined;
  readonly ask?: PeerRequest;
}

/** Looks at one member: what it says of itself, and whether it serves. */
export async function memberHealth(address: MemberAddress): Promise<MemberHealth> {
  const { client, peerUrl, ask = peerRequest } = address;
  const [status, version] = await Promise.all([
    resultOf("asking for its status", client.maintenance.status({}, { timeoutMs: STATUS_TIMEOUT_MS })),
    address.version ?? kvorumVersion(peerUrl, ask),
  ]);
  if (!status.ok) return { kind: "Unreachable", message: status.failure.message };
  const { header, leader, isLearner, errors, ...rest } = status.value;
  const memberId = header?.memberId ?? 0n;
  const refusal = isLearner ? undefined : await linearizableRead(client);
  return {
    kind: "Running",
    memberId: hexId(memberId),
    clusterId: hexId(header?.clusterId ?? 0n),
    isLearner,
    isLeader: leader !== 0n && leader === memberId,
    healthy: refusal === undefined && leader !== 0n,
    version,
    etcdVersion: rest.version,
    dbSize: Number(rest.dbSize),
    dbSizeInUse: Number(rest.dbSizeInUse),
    raftTerm: Number(rest.raftTerm),
    raftIndex: Number(rest.raftIndex),
    errors: refusal === undefined ? errors : [...errors, refusal],
  };
}

/** Why a read through the leader fails; undefined if it does not. One that is not permitted was agreed on, too. */
async function linearizableRead(client: Client): Promise<string | undefined> {
  const call = client.kv.range({ key: HEALTH_KEY, keysOnly: true }, { timeoutMs: READ_TIMEOUT_MS });
  const result = await resultOf("a linearizable read", call);
  return result.ok || /permission denied|user name is empty/.test(result.failure.message)
    ? undefined
    : result.failure.message;
}

async function kvorumVersion(peerUrl: string, ask: PeerRequest): Promise<string> {
  try {
    const { text } = await ask(`${peerUrl}/version`, { timeoutMs: VERSION_TIMEOUT_MS });
    const { kvorum } = JSON.parse(text) as { readonly kvorum?: unknown };
    return typeof kvorum === "string" ? kvorum : "";
  } catch {
    // Status has the say on whether it is there.
    return "";
  }
}
