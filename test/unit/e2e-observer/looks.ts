import type { ListedMember, Look, SeenPod } from "../../e2e/observer/look.ts";

/** A voter or a learner of cluster x. */
export function member(id: string, ordinal: number, isLearner = false): ListedMember {
  return { id, name: `x-${String(ordinal)}`, isLearner, peerUrl: `http://x-${String(ordinal)}.x-peers.e2e.svc:2380` };
}

/** A pod whose process answers as that member. */
export function pod(memberId: string, ordinal: number, more: Partial<SeenPod> = {}): SeenPod {
  const name = `x-${String(ordinal)}`;
  const process = { memberId, clusterId: "c1", isLeader: ordinal === 0, hasLeader: true, raftTerm: 2 };
  return { name, uid: `${name}-uid`, isReady: true, isTerminating: false, isOurDoing: false, process, ...more };
}

/** The same, and its process gives no answer. */
export function silent({ process, ...seen }: SeenPod): SeenPod {
  return process ? { ...seen, isReady: false } : seen;
}

/** Three healthy voters a, b and c, unless something else is said. */
export function look(atMs: number, more: Partial<Look> = {}): Look {
  return {
    atMs,
    wanted: 3,
    isDeleting: false,
    generation: 1,
    observedGeneration: 1,
    isAvailable: true,
    latchedClusterId: "c1",
    pods: [pod("a", 0), pod("b", 1), pod("c", 2)],
    members: [member("a", 0), member("b", 1), member("c", 2)],
    listedClusterId: "c1",
    isReadable: true,
    ...more,
  };
}

/** The same look without a member list: nobody with a quorum answered. */
export function unlisted({ members, listedClusterId, ...rest }: Look): Look {
  return members && listedClusterId ? rest : { ...rest };
}
