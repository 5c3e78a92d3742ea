import { hexId } from "../base/ids.ts";
import type { MemberIdentity } from "../node/bootstrap.ts";
import type { Node } from "../node/node.ts";
import type { OwnerFile } from "../node/owner-file.ts";
import { permittedMember } from "../node/permitted-member.ts";
import type { Pod, VolumeState } from "../node/volume.ts";

/** How far a supervised member has come. */
export type Standing =
  /** Nothing of it runs; `message` says what it waits for. */
  | {
      readonly kind: "waiting";
      readonly volume: VolumeState;
      readonly message: string;
      readonly member: MemberIdentity | undefined;
    }
  /** On its way with a permit or with its own data, not yet serving; `message` says what it waits for. */
  | { readonly kind: "starting"; readonly owner: OwnerFile; readonly message: string }
  | { readonly kind: "running"; readonly member: MemberIdentity; readonly node: Node };

/** What GET /kvorum/v1/identity answers; ids are lower-case hex. */
export interface IdentityAnswer extends Pod {
  readonly phase: "Waiting" | "Starting" | "Running";
  readonly volume: VolumeState;
  readonly memberId?: string;
  readonly etcdClusterId?: string;
  readonly message?: string;
}

/** Who this pod is, whose its volume is, and what it waits for. */
export function identityAnswer({ podName, podUid, clusterUid }: Pod, standing: Standing): IdentityAnswer {
  const pod = { podName, podUid, clusterUid };
  switch (standing.kind) {
    case "waiting":
      return {
        ...pod,
        phase: "Waiting",
        volume: standing.volume,
        ...idsOf(standing.member),
        message: standing.message,
      };
    case "starting":
      return {
        ...pod,
        phase: "Starting",
        volume: standing.owner.state === "started" ? "Owned" : "Granted",
        ...idsOf(memberOf(standing.owner)),
        message: standing.message,
      };
    case "running":
      return { ...pod, phase: "Running", volume: "Owned", ...idsOf(standing.member) };
  }
}

/** The member that an owner file speaks of. */
export function memberOf(owner: OwnerFile): MemberIdentity {
  return owner.state === "started" ? owner.member : permittedMember(owner.permit);
}

function idsOf(member: MemberIdentity | undefined): Pick<IdentityAnswer, "memberId" | "etcdClusterId"> {
  return member ? { memberId: hexId(member.selfId), etcdClusterId: hexId(member.clusterId) } : {};
}
