import { sendPermit } from "../etcd/identity.ts";
import type { Permit } from "../etcd/permit.ts";
import type { Member } from "../plan/observation.ts";
import type { GrantJoin, GrantSeed } from "../plan/step.ts";
import { timestamp } from "../types/condition.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import type { HexId } from "../types/hex-id.ts";
import { ordinalOfPod, peerUrl, podName, type ClusterAddress } from "../types/names.ts";
import type { ClusterObjects } from "./cluster-objects.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { peerEndpoint } from "./look-at-members.ts";
import { StepError } from "./step-error.ts";

/** Leave to found the cluster, alone, from nothing or from what a restore has put into the volume. */
export async function grantSeed(
  world: ControllerWorld,
  cluster: EtcdCluster,
  { pod, podUid, mode }: GrantSeed,
  objects: ClusterObjects,
): Promise<void> {
  const ordinal = ordinalOfPod(cluster.metadata.name, pod) ?? 0;
  const initialCluster = [initialMember(cluster.metadata, ordinal)];
  await send(world, { ...permitBase(world, cluster, pod, podUid), mode, initialCluster }, objects);
}

/** Leave to join as a learner that the members know already. */
export async function grantJoin(
  world: ControllerWorld,
  cluster: EtcdCluster,
  { pod, podUid, memberId }: GrantJoin,
  {
    objects,
    members,
    clusterId,
  }: { readonly objects: ClusterObjects; readonly members: readonly Member[]; readonly clusterId: HexId },
): Promise<void> {
  // A successor has the place of the voter that it replaces: one entry for both.
  const ordinals = new Set(members.flatMap(({ ordinal }) => (ordinal === undefined ? [] : [ordinal])));
  const permit: Permit = {
    ...permitBase(world, cluster, pod, podUid),
    mode: "Join",
    memberId,
    etcdClusterId: clusterId,
    initialCluster: [...ordinals].toSorted((a, b) => a - b).map((ordinal) => initialMember(cluster.metadata, ordinal)),
  };
  await send(world, permit, objects);
}

function permitBase(
  { clock }: ControllerWorld,
  { metadata: { uid } }: EtcdCluster,
  pod: string,
  podUid: string,
): Pick<Permit, "clusterUid" | "podName" | "podUid" | "token" | "issuedAt"> {
  return { clusterUid: uid, podName: pod, podUid, token: uid, issuedAt: timestamp(clock.unixMs()) };
}

function initialMember(cluster: ClusterAddress, ordinal: number): Permit["initialCluster"][number] {
  return { name: podName(cluster.name, ordinal), peerUrls: [peerUrl(cluster, ordinal)] };
}

async function send({ signer, askPeer }: ControllerWorld, permit: Permit, { pods }: ClusterObjects): Promise<void> {
  const pod = pods.find(({ pod: { metadata } }) => metadata.uid === permit.podUid)?.pod;
  const endpoint = pod && peerEndpoint(pod);
  if (endpoint === undefined) throw new StepError(`${permit.podName} has no address to send its permit to`);
  const answer = await sendPermit(endpoint, signer.sign(permit), askPeer);
  if (answer.kind === "Refused") throw new StepError(`${permit.podName} refuses its permit: ${answer.message}`);
  if (answer.kind === "Unreachable")
    throw new StepError(`${permit.podName} did not take its permit: ${answer.message}`);
}
