import { posix } from "node:path";

/** Where etcd's v3 discovery keeps clusters that are about to be founded. */
const PREFIX = "/_etcd/registry";

/** The keys of one cluster in the registry. */
export interface RegistryKeys {
  /** Its value is the number of members that are waited for. */
  readonly size: string;
  /** What the keys of all members begin with. */
  readonly members: string;
  /** This member's own. */
  readonly self: string;
}

/** A member as it wrote itself into the registry. */
export interface RegisteredMember {
  readonly key: string;
  /** In the form of `--initial-cluster`. */
  readonly peers: string;
  readonly createRevision: bigint;
}

/** The keys of the cluster with a token, for the member with an id. */
export function registryKeys(token: string, memberId: bigint): RegistryKeys {
  const cluster = posix.join(PREFIX, token);
  const members = posix.join(cluster, "members");
  return {
    size: posix.join(cluster, "_config/size"),
    members,
    self: posix.join(members, memberId.toString(16)),
  };
}

/** The number of members that are waited for; undefined: the text is none. */
export function parseSize(text: string): number | undefined {
  const size = /^\+?\d+$/.test(text) ? Number(text) : 0;
  return size > 0 && Number.isSafeInteger(size) ? size : undefined;
}

/** What is a member, whoever came first before the others: of too many only the first count. */
export function inOrder(written: readonly RegisteredMember[]): readonly RegisteredMember[] {
  const members = written.filter(({ peers }) => peers.includes("="));
  return members.toSorted((a, b) => Number(a.createRevision - b.createRevision));
}

/** Whether there is no place for a member: others came first. `members` are in order. */
export function isFull(members: readonly { readonly key: string }[], self: string, size: number): boolean {
  const place = members.findIndex(({ key }) => key === self);
  return (place < 0 ? members.length : place) >= size;
}

/** The founding members in the form of `--initial-cluster`. */
export function initialClusterText(members: readonly RegisteredMember[], size: number): string {
  return members
    .slice(0, size)
    .map(({ peers }) => peers)
    .join(",");
}
