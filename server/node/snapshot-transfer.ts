import { must } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import type { Network } from "../ports/network.ts";
import type { Message, Snapshot } from "../proto/raft-message.ts";
import type { ApplyQueue } from "./apply-queue.ts";
import type { Replica } from "./replica.ts";
import type { StateParts } from "./state-parts.ts";

/** etcd parses what a snapshot message carries besides the database: the store of the 2.x API, here without content. */
const EMPTY_V2_STORE = new TextEncoder().encode("{}");

export interface SnapshotTransferOptions {
  readonly state: StateParts;
  readonly selfId: NodeId;
  readonly replica: Replica;
  readonly network: Network;
  readonly applyQueue: ApplyQueue;
  /** Raft was told something. */
  readonly onStepped: () => void;
  /** The replicated state is another one. */
  readonly onInstalled: () => void;
}

/** The whole state on its way to a follower that is too far behind, and the leader's state becoming ours. */
export class SnapshotTransfer {
  readonly #options: SnapshotTransferOptions;

  constructor(options: SnapshotTransferOptions) {
    this.#options = options;
  }

  /** Sends the state as of now instead of what raft's message names: the follower has less to catch up with. */
  async send(message: Message): Promise<void> {
    const { state, network, onStepped } = this.#options;
    const done = state.localSnapshotter.sending();
    try {
      const taken = await state.snapshots.take();
      const { index, term, confState } = taken.position;
      const metadata = { index, term, confState: must(confState, "an applied log has a configuration") };
      const release = async (): Promise<void> => {
        done();
        await taken.release();
      };
      network.sendSnapshot(
        { ...message, snapshot: { data: EMPTY_V2_STORE, metadata } },
        { sizeBytes: taken.sizeBytes, read: () => taken.read(), release },
      );
    } catch (error) {
      done();
      state.raft.reportSnapshot(message.to, false);
      onStepped();
      throw error;
    }
  }

  /** Nothing is applied and nothing is flushed while the state is replaced. */
  async install(snapshot: Snapshot): Promise<void> {
    const { state, replica, applyQueue, onInstalled } = this.#options;
    const { flusher, installer, applied, localSnapshotter, watchers, compactor } = state;
    const { consensus } = state.tallies;
    consensus.snapshotsInstalling++;
    await applyQueue.pauseWhenIdle();
    await flusher.flush();
    const previousRevision = replica.machine.mvcc.currentRevision;
    await flusher.whileStopped(() => installer.install(snapshot, replica));
    applied.advanceTo(snapshot.metadata.index);
    localSnapshotter.onInstalled(snapshot.metadata.index);
    this.#connectToMembers();
    watchers.onReplicaReplaced(previousRevision);
    onInstalled();
    compactor.start();
    applyQueue.resume();
    consensus.snapshotsInstalling--;
  }

  #connectToMembers(): void {
    const { selfId, replica, network } = this.#options;
    const { membership } = replica.machine;
    for (const member of membership.members) if (member.id !== selfId) network.addPeer(member);
    for (const id of membership.removedIds) network.removePeer(id);
  }
}
