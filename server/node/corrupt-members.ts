import { NO_NODE, type NodeId } from "../base/ids.ts";

/** One member's hash over a range that all of them have hashed. */
export interface MemberHash {
  readonly id: NodeId;
  readonly hash: number;
}

/**
 * Whose data is wrong, where hashes differ: the members that a majority of the cluster disagrees with. Without a majority
 * nobody can tell, and it is the whole cluster, which `NO_NODE` stands for (etcd's checkPeerHashes). Empty: all agree.
 */
export function corruptMembers(hashes: readonly MemberHash[], memberCount: number): readonly NodeId[] {
  const groups = Map.groupBy(hashes, ({ hash }) => hash);
  if (groups.size <= 1) return [];
  const quorum = Math.floor(memberCount / 2) + 1;
  const majority = [...groups.values()].find((group) => group.length >= quorum);
  return majority ? hashes.filter(({ hash }) => hash !== majority[0]?.hash).map(({ id }) => id) : [NO_NODE];
}
