import { must } from "../base/assert.ts";
import { ETCD_VERSION } from "../base/versions.ts";
import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import { memberJson } from "../cluster/member-json.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerCalls, RemoteMember, RemoteMembers } from "../ports/network.ts";
import { encodeConfChange } from "../proto/raft-codec-confchange.ts";
import { ConfChangeType, EntryType, type Entry, type HardState } from "../proto/raft-message.ts";
import { clusterIdOf, memberId } from "./member-id.ts";

/** How long one peer may take to say whether it knows us. */
const PEER_TIMEOUT_MS = 1000;
/** How long a running cluster's member may take to list its members. */
const JOIN_TIMEOUT_MS = 10_000;

/** One member of `--initial-cluster`. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

export interface InitialCluster {
  readonly selfName: string;
  readonly token: string;
  readonly members: readonly InitialMember[];
  /** Who this member has to be if it joins a running cluster; undefined: whoever the cluster has at its peer URLs. */
  readonly joinsAs?: MemberIdentity | undefined;
}

/** A member, and the cluster that it is one of. */
export interface MemberIdentity {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
}

/** Who a fresh member is, and what its log begins with. */
export interface Identity extends MemberIdentity {
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
  /** The members as known before any entry is applied: whom to talk to first. */
  readonly peers: readonly RemoteMember[];
}

/** A start that must not happen; its message says why. */
export class BootstrapError extends Error {
  override readonly name = "BootstrapError";
}

/** A start as the wrong member, or in the wrong cluster: trying again does not help. */
export class WrongMemberError extends BootstrapError {}

/** The identity of a member of a new cluster, once no peer says that it was born before. */
export async function bootstrapNew(cluster: InitialCluster, calls: PeerCalls): Promise<Identity> {
  const identity = newClusterIdentity(cluster);
  const self = must(identity.peers.find((member) => member.id === identity.selfId));
  await refuseSecondBirth(self, identity.peers, calls);
  return identity;
}

/** What each member of a new cluster finds out by itself: its id, the cluster's, and the same first entries (peer-protocol §5.2). */
export function newClusterIdentity(cluster: InitialCluster): Identity {
  const members = withIds(cluster);
  const self = must(members.find((member) => member.name === cluster.selfName));
  const ids = members.map((member) => member.id);
  const entries = members.map((member, position): Entry => {
    const context = new TextEncoder().encode(memberJson({ ...member, replaces: undefined }));
    const data = encodeConfChange({ id: 0n, type: ConfChangeType.AddNode, nodeId: member.id, context });
    return { type: EntryType.ConfChange, term: 1, index: position + 1, data };
  });
  return {
    selfId: self.id,
    clusterId: clusterIdOf(ids),
    entries,
    hardState: { term: 1, vote: 0n, commit: entries.length },
    peers: members,
  };
}

/** The identity of a member that was added to a running cluster (peer-protocol §5.5). */
export async function bootstrapExisting(cluster: InitialCluster, calls: PeerCalls, logger: Logger): Promise<Identity> {
  const others = cluster.members.filter((member) => member.name !== cluster.selfName);
  const remote = await membersOfRunningCluster(others, calls, logger);
  const wanted = must(cluster.members.find((member) => member.name === cluster.selfName));
  const self = cluster.joinsAs
    ? announcedLearner(remote, wanted, cluster.joinsAs)
    : memberByFlags(remote, wanted, cluster.members);
  await checkVersions(remote.members, self.id, calls);
  return {
    selfId: self.id,
    clusterId: remote.clusterId,
    entries: [],
    hardState: { term: 0, vote: 0n, commit: 0 },
    peers: remote.members,
  };
}

/** The member that whoever added it has told us to be: a learner that has never run, at our peer URLs. */
function announcedLearner(remote: RemoteMembers, wanted: InitialMember, announced: MemberIdentity): RemoteMember {
  const id = hexId(announced.selfId);
  const urls = wanted.peerUrls.join(",");
  if (remote.clusterId !== announced.clusterId) {
    throw new WrongMemberError(
      `the cluster that answers has the id ${hexId(remote.clusterId)}, not ${hexId(announced.clusterId)}: nothing is joined`,
    );
  }
  const self = onePerPlace(remote.members).find((member) => sameUrls(member.peerUrls, wanted.peerUrls));
  if (!self) {
    throw new BootstrapError(
      `the running cluster has no member with the peer URLs ${urls}: add it as a learner before it is started as ${id}`,
    );
  }
  if (self.id !== announced.selfId) {
    throw new BootstrapError(
      `the member with the peer URLs ${urls} is ${hexId(self.id)}, not ${id}: start it as that one`,
    );
  }
  if (!self.isLearner || self.clientUrls.length > 0) {
    throw new WrongMemberError(
      `member ${id} has run before: what its disk held is gone, and it must not come back without it; ` +
        `replace it by a member with a new id`,
    );
  }
  return self;
}

/** The member that the running cluster has at our peer URLs, if the flags name the same members as it does. */
function memberByFlags(remote: RemoteMembers, wanted: InitialMember, members: readonly InitialMember[]): RemoteMember {
  const places = onePerPlace(remote.members);
  if (places.length !== members.length) {
    throw new BootstrapError(
      `member count is unequal: --initial-cluster names ${String(members.length)} members, the running ` +
        `cluster has ${String(places.length)}: add the member first ("etcdctl member add") and name them all`,
    );
  }
  const self = places.find((member) => sameUrls(member.peerUrls, wanted.peerUrls));
  if (!self) {
    throw new BootstrapError(
      `the running cluster has no member with the peer URLs ${wanted.peerUrls.join(",")}: ` +
        `add the member first ("etcdctl member add"), with exactly these URLs`,
    );
  }
  for (const member of members) {
    if (!remote.members.some((candidate) => sameUrls(candidate.peerUrls, member.peerUrls))) {
      throw new BootstrapError(
        `unmatched member while checking PeerURLs: ${member.name} (${member.peerUrls.join(",")}) is not in the running cluster`,
      );
    }
  }
  return self;
}

/** A learner may have the URLs of the voter that it replaces: whoever starts there now is the learner. */
function onePerPlace(members: readonly RemoteMember[]): readonly RemoteMember[] {
  return members.filter(
    (member) =>
      member.isLearner || !members.some((other) => other.isLearner && sameUrls(other.peerUrls, member.peerUrls)),
  );
}

function withIds(cluster: InitialCluster): readonly RemoteMember[] {
  return cluster.members
    .map(({ name, peerUrls }) => ({
      id: memberId(peerUrls, cluster.token),
      name,
      peerUrls: peerUrls.toSorted(),
      clientUrls: [],
      isLearner: false,
    }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** A member that the others have seen alive once must not begin again with an empty disk. */
async function refuseSecondBirth(
  self: RemoteMember,
  members: readonly RemoteMember[],
  calls: PeerCalls,
): Promise<void> {
  const answers = await Promise.allSettled(
    members.filter((member) => member.id !== self.id).map((member) => calls.members(member.peerUrls, PEER_TIMEOUT_MS)),
  );
  for (const answer of answers) {
    if (answer.status === "rejected") continue;
    const known = answer.value.members.find((member) => member.id === self.id);
    if (known && known.clientUrls.length > 0) {
      throw new BootstrapError(
        `member ${hexId(self.id)} has already been bootstrapped: its data dir is empty but the cluster knows it; ` +
          `remove it and add it again ("etcdctl member remove", "etcdctl member add") and start it with --initial-cluster-state=existing`,
      );
    }
  }
}

async function membersOfRunningCluster(others: readonly InitialMember[], calls: PeerCalls, logger: Logger) {
  const urls = others.flatMap((member) => member.peerUrls).toSorted();
  for (const url of urls) {
    try {
      return await calls.members([url], JOIN_TIMEOUT_MS);
    } catch (error) {
      logger.warn("failed to get cluster response", { address: url, error: String(error) });
    }
  }
  throw new BootstrapError(
    `cannot fetch cluster info from peer urls: none of ${urls.join(",")} answered /members; are they running and reachable from here?`,
  );
}

async function checkVersions(members: readonly RemoteMember[], self: NodeId, calls: PeerCalls): Promise<void> {
  const others = members.filter((member) => member.id !== self);
  const answers = await Promise.allSettled(others.map((member) => calls.version(member.peerUrls, JOIN_TIMEOUT_MS)));
  const [ownMajor, ownMinor] = majorMinor(ETCD_VERSION);
  let hasAnswer = false;
  for (const answer of answers) {
    if (answer.status === "rejected") continue;
    hasAnswer = true;
    const version = answer.value.etcdcluster;
    if (version === "not_decided") continue;
    const [major, minor] = majorMinor(version);
    if (major !== ownMajor || minor > ownMinor) {
      throw new BootstrapError(
        `incompatible with current running cluster: its version is ${version}, ours ${ETCD_VERSION}`,
      );
    }
  }
  if (!hasAnswer && others.length > 0) {
    throw new BootstrapError("incompatible with current running cluster: no member answered /version");
  }
}

function majorMinor(version: string): readonly [number, number] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return [major, minor];
}

function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.toSorted().join(" ") === b.toSorted().join(" ");
}
