import { DomainError } from "../base/domain-error.ts";
import type { ClusterId, NodeId } from "../base/ids.ts";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import type { Clock } from "../ports/clock.ts";
import { DiskError } from "../ports/disk-error.ts";
import type { RemoteMember } from "../ports/network.ts";
import type { PeerHandlers } from "../ports/peer-handlers.ts";
import { MessageType, type Message } from "../proto/raft-message.ts";
import type { RawNode } from "../raft/raw-node.ts";
import type { Hashing } from "./hashing.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { MemberChanges } from "./member-changes.ts";
import type { Replica } from "./replica.ts";
import type { SnapshotInstaller } from "./snapshot-installer.ts";

/** How often, and how many times, it is looked whether this member has the vote that an order to lead needs. */
const EARLY_LOOK_MS = 10;
const MAX_EARLY_LOOKS = 50;

export interface PeerServiceOptions {
  readonly clock: Clock;
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly replica: Replica;
  readonly raft: RawNode;
  readonly hashing: Hashing;
  readonly installer: SnapshotInstaller;
  /** Whom a fresh member talks to before its log tells it. */
  readonly bootstrapPeers: readonly RemoteMember[];
  /** These need the network themselves, so they are there a little later. */
  readonly leases: () => LeaseKeeper;
  readonly changes: () => MemberChanges;
  readonly linearizable: () => Promise<void>;
  /** Raft was told something. */
  readonly onStepped: () => void;
  readonly onRemoved: () => void;
  /** A disk that fails: the process has to end. */
  readonly onFailure: (error: unknown) => void;
}

/** What this member does with that which its peers send and ask. */
export function peerHandlers(options: PeerServiceOptions): PeerHandlers {
  const { selfId, clusterId, replica, raft, onStepped } = options;
  const membership = () => replica.machine.membership;
  return {
    selfId,
    clusterId,
    onMessage(message) {
      // A removed member may still send; it must not disturb those who stay.
      if (membership().isRemoved(message.from)) return;
      if (message.type === MessageType.TimeoutNow) takeOrderToLead(options, message, MAX_EARLY_LOOKS);
      else raft.step(message);
      onStepped();
    },
    onSnapshot: (message, body) => receiveSnapshot(options, message, body),
    onUnreachable(id) {
      raft.reportUnreachable(id);
      onStepped();
    },
    onSnapshotSent(id, isDelivered) {
      if (!isDelivered) raft.reportUnreachable(id);
      raft.reportSnapshot(id, isDelivered);
      onStepped();
    },
    onRemoved: options.onRemoved,
    isKnown: (id) => membership().member(id) !== undefined || options.bootstrapPeers.some((member) => member.id === id),
    isRemoved: (id) => membership().isRemoved(id),
    members: () => membersOf(options),
    version: () => ({
      etcdserver: ETCD_VERSION,
      etcdcluster: membership().clusterVersion ?? "not_decided",
      storage: replica.machine.storageVersion.detected ?? "unknown",
      kvorum: KVORUM_VERSION,
    }),
    async downgradeEnabled() {
      await options.linearizable();
      return membership().downgrade.isEnabled;
    },
    renewLease: (id) => options.leases().renewHere(id),
    leaseTimeToLive: (id, keys) => options.leases().timeToLiveHere(id, keys),
    async promote(id) {
      await options.changes().promote(id);
      return membersOf(options);
    },
    async hashKv(revision) {
      const { mvcc } = replica.machine;
      if (revision > mvcc.currentRevision) throw new DomainError("future-revision");
      const result = await options.hashing.hashKv(revision);
      return {
        revision: mvcc.currentRevision,
        hash: result.hash,
        compactRevision: result.compactRevision,
        hashRevision: result.revision,
      };
    },
  };
}

/** An order to lead may come before the commit that gives this member its vote: they travel on different streams. */
function takeOrderToLead(options: PeerServiceOptions, message: Message, looks: number): void {
  const { replica, selfId, raft, clock, onStepped } = options;
  if (looks > 0 && !replica.confState.voters.includes(selfId)) {
    clock.after(EARLY_LOOK_MS, () => {
      takeOrderToLead(options, message, looks - 1);
    });
    return;
  }
  raft.step(message);
  onStepped();
}

function membersOf({ replica, bootstrapPeers }: PeerServiceOptions): readonly RemoteMember[] {
  const { members } = replica.machine.membership;
  return members.length > 0 ? members : bootstrapPeers;
}

/** Brings the database of a snapshot to the disk and then the message to raft, which decides whether it wants it. */
async function receiveSnapshot(
  { installer, replica, raft, onStepped, onFailure }: PeerServiceOptions,
  message: Message,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const metadata = message.snapshot?.metadata;
  if (!metadata) throw new Error("a snapshot message carries its metadata");
  await installer.discardOvertaken(replica.machine.consistentIndex);
  const fresh = await installer.receive(metadata, body).catch((error: unknown) => {
    // Without the database this member never catches up; one that stays and says so to nobody would only look well.
    if (error instanceof DiskError) onFailure(error);
    throw error;
  });
  const before = raft.basicStatus().commit;
  raft.step(message);
  onStepped();
  // Raft ignores a database that is no newer than its log, or that comes from a leader of the past.
  const isTaken = before < metadata.index && raft.basicStatus().commit === metadata.index;
  if (isTaken) installer.take(metadata.index, fresh);
  else await installer.discard(fresh);
}
