import { hexId } from "../base/ids.ts";
import type { MemberIdentity } from "./bootstrap.ts";
import type { StartedOwner } from "./owner-file.ts";
import { isSamePermit, type Permit } from "./permit.ts";
import { isRestored, judgeVolume, type Pod, type VolumeContents } from "./volume.ts";

/**
 * How far a permit's time may be from the pod's when it is offered. An empty volume cannot know that a permit was used
 * on it before; with this, one that somebody has kept does not start it again later.
 */
const MAX_DISTANCE_MS = 15 * 60 * 1000;

/** The pod that a permit is offered to. */
export interface PermitTaker extends Pod {
  /** Where its peers reach it: what its entry in the permit's initial cluster has to say. */
  readonly peerUrl: string;
}

/**
 * Why a permit, whose signature is right, does not start this pod on what its volume holds; undefined: it does. The
 * permit, the pod, the owner file and the data all have to agree (design decision 9).
 */
export function refusalOfPermit(
  permit: Permit,
  taker: PermitTaker,
  contents: VolumeContents,
  nowMs: number,
): string | undefined {
  return (
    otherPod(permit, taker) ?? oddCluster(permit, taker) ?? misfit(permit, taker, contents) ?? otherTime(permit, nowMs)
  );
}

function otherTime({ issuedAt }: Permit, nowMs: number): string | undefined {
  if (Math.abs(Date.parse(issuedAt) - nowMs) <= MAX_DISTANCE_MS) return undefined;
  return (
    `the permit was issued at ${issuedAt}, here it is ${new Date(nowMs).toISOString()}: ` +
    `it counts for 15 minutes; issue a new one, or set the clocks`
  );
}

function otherPod(permit: Permit, taker: PermitTaker): string | undefined {
  if (permit.clusterUid !== taker.clusterUid) {
    return `the permit is for cluster ${permit.clusterUid}, this pod belongs to ${taker.clusterUid}`;
  }
  if (permit.podName !== taker.podName) return `the permit is for pod ${permit.podName}, this is ${taker.podName}`;
  if (permit.podUid !== taker.podUid) {
    return `the permit is for the pod with UID ${permit.podUid}, this ${taker.podName} has UID ${taker.podUid}`;
  }
  return undefined;
}

function oddCluster(permit: Permit, { clusterUid, podName, peerUrl }: PermitTaker): string | undefined {
  const { mode, token, initialCluster } = permit;
  if (token !== clusterUid) return `the permit's token is ${token}: it has to be the cluster's UID ${clusterUid}`;
  const own = initialCluster.filter(({ name }) => name === podName);
  if (own.length !== 1 || own[0]?.peerUrls.join(",") !== peerUrl) {
    return `the permit's initialCluster has to name ${podName} once, with the peer URL ${peerUrl}`;
  }
  if (mode === "Join") {
    return initialCluster.length > 1 ? undefined : "a Join permit has to name, in initialCluster, the members that run";
  }
  return initialCluster.length === 1
    ? undefined
    : `a ${mode} permit is for one member: its initialCluster names ${String(initialCluster.length)}, the others join later`;
}

function misfit(permit: Permit, taker: PermitTaker, contents: VolumeContents): string | undefined {
  const verdict = judgeVolume(taker, contents);
  if (verdict.kind === "serve") return usedUp(permit, verdict.owner);
  if (verdict.kind === "wait" && verdict.volume === "Foreign") return verdict.message;
  const owner = contents.owner.kind === "present" ? contents.owner.content : undefined;
  if (owner?.state === "started" && isSamePermit(permit, owner.permit)) {
    return `the permit has been used: it started member ${hexId(owner.member.selfId)}, whose log is gone`;
  }
  const before = owner?.state === "started" ? owner.member : owner?.before;
  if (before) return lostMisfit(permit, before);
  if (permit.mode === "New" && isRestored(taker, contents)) {
    return "the volume holds restored data, which a New permit would throw away: give it a Restore permit";
  }
  if (permit.mode === "Restore" && !isRestored(taker, contents)) {
    return "the volume holds no restored data (restored.json beside a member's folder with a log): a Restore permit needs them";
  }
  return undefined;
}

function usedUp(permit: Permit, owner: StartedOwner): string {
  const member = `member ${hexId(owner.member.selfId)}`;
  return isSamePermit(permit, owner.permit)
    ? `the permit has been used: it started ${member}`
    : `the volume holds ${member}, which needs no permit`;
}

/** Somebody ran here: only a member with a new id, joining that one's cluster, may take the volume. */
function lostMisfit(permit: Permit, before: MemberIdentity): string | undefined {
  const member = `member ${hexId(before.selfId)} of cluster ${hexId(before.clusterId)} ran here and its log is gone`;
  if (permit.mode !== "Join") {
    return `${member}: a ${permit.mode} permit would make a second cluster; the volume takes a Join permit`;
  }
  if (permit.memberId === before.selfId) {
    return `${member}: it must not come back without it; the volume takes a Join permit for a new id`;
  }
  if (permit.etcdClusterId !== before.clusterId) {
    return `${member}: the permit is for another cluster, ${hexId(permit.etcdClusterId)}`;
  }
  return undefined;
}
