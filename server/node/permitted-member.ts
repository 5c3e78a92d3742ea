import { newClusterIdentity, type MemberIdentity } from "./bootstrap.ts";
import type { Permit } from "./permit.ts";

/** Which member of which cluster a permit makes of the pod; it follows from the permit alone, so that nothing else can come of it. */
export function permittedMember(permit: Permit): MemberIdentity {
  if (permit.mode === "Join") return { selfId: permit.memberId, clusterId: permit.etcdClusterId };
  const { podName, token, initialCluster } = permit;
  const { selfId, clusterId } = newClusterIdentity({ selfName: podName, token, members: initialCluster });
  return { selfId, clusterId };
}

/** Whether two are one and the same member. */
export function isSameMember(a: MemberIdentity, b: MemberIdentity): boolean {
  return a.selfId === b.selfId && a.clusterId === b.clusterId;
}
