import type { Snapshot } from "../../../server/proto/raft-message.ts";
import { MemoryStorage } from "../../../server/raft/memory-storage.ts";

/** A disk. What it hands out to be sent is the application's latest state, or nothing at the moment. */
export class SimulatedStorage extends MemoryStorage {
  latest: () => Snapshot | undefined = () => undefined;

  /** The state from which a restart begins. */
  get durable(): Snapshot {
    return super.snapshot();
  }

  override snapshot(): Snapshot {
    return this.latest() as Snapshot; // undefined is allowed by the port, MemoryStorage alone always has one
  }

  /** The application's state at this snapshot is on disk: a restart begins here. */
  checkpoint({ metadata, data }: Snapshot): void {
    if (!this.createSnapshot(metadata.index, metadata.confState, data)) return;
    const { hardState } = this.initialState();
    // A restart must not find its application ahead of its commit index.
    this.setHardState({ ...hardState, commit: Math.max(hardState.commit, metadata.index) });
  }
}
