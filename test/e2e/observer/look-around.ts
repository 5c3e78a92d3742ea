import type { EtcdCluster } from "../../../operator/types/etcd-cluster.ts";
import { hexId } from "../../../operator/types/hex-id.ts";
import type { Client } from "../../../server/client/client.ts";
import type { EtcdClients } from "../harness/etcd-clients.ts";
import { isReady, type Pod } from "../harness/kube-objects.ts";
import type { NamespaceObjects } from "../harness/namespace-objects.ts";
import type { AnsweredStatus, Look, SeenPod } from "./look.ts";
import { memberList } from "./member-lists.ts";

const STATUS_TIMEOUT_MS = 1500;
const READ_TIMEOUT_MS = 2000;

/** What a look is made with. */
export interface LookSources {
  readonly objects: NamespaceObjects;
  readonly clients: EtcdClients;
  readonly cluster: string;
  readonly nowMs: () => number;
  readonly sawAddress: (podUid: string, address: string) => void;
}

/** Looks at the objects and asks every member; undefined when the cluster's object is gone. */
export async function lookAround(sources: LookSources): Promise<Look | undefined> {
  const { objects, clients, cluster, nowMs, sawAddress } = sources;
  const [object, pods] = await Promise.all([objects.cluster(cluster), objects.pods(cluster)]);
  if (!object) return undefined;
  const addresses = pods.flatMap(({ metadata, status }) => {
    if (status?.podIP === undefined) return [];
    sawAddress(metadata.uid, status.podIP);
    return [status.podIP];
  });
  clients.keepOnly(addresses);
  const asked = addresses.map((address) => clients.of(address));
  const [seen, list, isReadable] = await Promise.all([
    Promise.all(pods.map((pod) => see(pod, clients))),
    listed(asked),
    canRead(asked),
  ]);
  return { atMs: nowMs(), ...fromObject(object), pods: seen, ...list, isReadable };
}

function fromObject({ metadata, spec, status = {} }: EtcdCluster) {
  const { observedGeneration, clusterID, conditions = [] } = status;
  return {
    wanted: spec.replicas,
    isDeleting: metadata.deletionTimestamp !== undefined,
    generation: metadata.generation ?? 0,
    ...(observedGeneration !== undefined && { observedGeneration }),
    isAvailable: conditions.some(({ type, status: is }) => type === "Available" && is === "True"),
    ...(clusterID !== undefined && { latchedClusterId: clusterID }),
  };
}

async function see(pod: Pod, clients: EtcdClients): Promise<SeenPod> {
  const { name, uid, deletionTimestamp } = pod.metadata;
  const address = pod.status?.podIP;
  const process = address === undefined ? undefined : await statusOf(clients.of(address));
  const isTerminating = deletionTimestamp !== undefined;
  return { name, uid, isReady: isReady(pod), isTerminating, isOurDoing: false, ...(process && { process }) };
}

async function statusOf({ maintenance }: Client): Promise<AnsweredStatus | undefined> {
  try {
    const { header, leader, raftTerm } = await maintenance.status({}, { timeoutMs: STATUS_TIMEOUT_MS });
    if (!header) return undefined;
    return {
      memberId: hexId(header.memberId),
      clusterId: hexId(header.clusterId),
      isLeader: leader === header.memberId,
      hasLeader: leader !== 0n,
      raftTerm: Number(raftTerm),
    };
  } catch {
    return undefined;
  }
}

async function listed(clients: readonly Client[]): Promise<Pick<Look, "members" | "listedClusterId">> {
  try {
    const { members, clusterId } = await memberList(clients, READ_TIMEOUT_MS);
    return { members, ...(clusterId !== undefined && { listedClusterId: clusterId }) };
  } catch {
    return {};
  }
}

function canRead(clients: readonly Client[]): Promise<boolean> {
  const reads = clients.map(({ kv }) => kv.range({ key: Buffer.of(0) }, { timeoutMs: READ_TIMEOUT_MS }));
  return Promise.any(reads).then(
    () => true,
    () => false,
  );
}
