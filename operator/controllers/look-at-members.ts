import type { EndpointClients } from "../etcd/endpoint-clients.ts";
import { askIdentity } from "../etcd/identity.ts";
import { memberHealth } from "../etcd/member-health.ts";
import { listMembers } from "../etcd/member-operations.ts";
import type { Member, Process } from "../plan/observation.ts";
import type { HexId } from "../types/hex-id.ts";
import { ordinalOfPeerUrl, PORTS, type ClusterAddress } from "../types/names.ts";
import type { StoredPod } from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";

/** Where a pod listens for clients, by its address; undefined while it has none. */
export function clientEndpoint(pod: StoredPod): string | undefined {
  return endpoint(pod, PORTS.client);
}

/** Where a pod listens for its peers, and for the operator. */
export function peerEndpoint(pod: StoredPod): string | undefined {
  return endpoint(pod, PORTS.peer);
}

function endpoint(pod: StoredPod, port: number): string | undefined {
  const ip = pod.status?.podIP;
  if (ip === undefined || ip === "") return undefined;
  return `http://${ip.includes(":") ? `[${ip}]` : ip}:${String(port)}`;
}

/** What members are asked with. */
export type MemberPorts = Pick<ControllerWorld, "members" | "askPeer" | "releases">;

/** What the process in a pod says of itself. What another pod says that has got its address meanwhile does not count. */
export async function lookAtPod({ members, askPeer, releases }: MemberPorts, pod: StoredPod): Promise<Process> {
  const peer = peerEndpoint(pod);
  const client = clientEndpoint(pod);
  if (peer === undefined || client === undefined) return { kind: "Unreachable" };
  const { uid } = pod.metadata;
  const answer = await askIdentity(peer, askPeer);
  if (answer.kind !== "Identity" || answer.identity.podUid !== uid) return { kind: "Unreachable" };
  const { phase, volume, memberId, message } = answer.identity;
  const id = memberId === undefined ? {} : { memberId };
  switch (phase) {
    case "Waiting":
      return { kind: "Waiting", volume, ...id, ...(message !== undefined && { message }) };
    case "Starting":
      return { kind: "Starting", ...id };
    case "Running": {
      const known = releases.of(uid);
      const health = await memberHealth({ client: members.of(client), peerUrl: peer, version: known, ask: askPeer });
      // Its peer port says that it runs, and it does not serve clients (yet).
      if (health.kind !== "Running") return { kind: "Starting", ...id };
      if (known === undefined && health.version !== "") releases.remember(uid, health.version);
      return health;
    }
  }
}

/** A pod with what its process says. */
export interface LookedAt {
  readonly pod: StoredPod;
  readonly process: Process;
}

/**
 * The linearizable member list, asked of the members that run, the healthy ones first, and only of those of the cluster
 * whose id is latched; undefined if none of them has a quorum behind it.
 */
export async function readMembers(
  clients: EndpointClients,
  address: ClusterAddress,
  looks: readonly LookedAt[],
  clusterId: HexId | undefined,
): Promise<readonly Member[] | undefined> {
  const running = looks.flatMap(({ pod, process }) => {
    const at = clientEndpoint(pod);
    const isAsked =
      process.kind === "Running" && !process.isLearner && process.clusterId === (clusterId ?? process.clusterId);
    return isAsked && at !== undefined ? [{ at, healthy: process.healthy }] : [];
  });
  if (running.length === 0) return undefined;
  const endpoints = running.toSorted((a, b) => Number(b.healthy) - Number(a.healthy)).map(({ at }) => at);
  const listed = await listMembers(clients.of(...endpoints));
  if (!listed.ok) return undefined;
  return listed.value.map(({ id, name, isLearner, peerUrls }) => {
    const ordinals = new Set(peerUrls.map((url) => ordinalOfPeerUrl(address, url)));
    const [ordinal] = ordinals;
    return { id, name, isLearner, ordinal: ordinals.size === 1 ? ordinal : undefined };
  });
}
