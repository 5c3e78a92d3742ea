import { join } from "node:path";
import { makeDurableFolder } from "../../server/node/durable-folder.ts";
import type { Disk } from "../../server/ports/disk.ts";
import { JobError } from "./job-error.ts";

/** What a member that has the volume has written into it. */
const OWNER_FILE = "owner.json";
const RESTORED_FILE = "restored.json";
/** There while a restore is under way: whatever else is in the volume then is this restore's and may go. */
const RESTORING_FILE = "restoring.json";
const SNAPSHOT_FILE = "restoring.db";
const MEMBER_FOLDER = "member";
/** What a restore leaves when it is killed before or after it has said that it is under way. */
const BUILDING = /^(member\.restoring|restoring\.)/;
/** Made by file systems. */
const NOT_OURS = new Set(["lost+found"]);
const MARKER_BYTES_MAX = 64 * 1024;

/** What a restore leaves beside the data, for the member that takes them over and for the operator. */
export interface RestoredMarker {
  readonly clusterUid: string;
  /** For sentences: key and store. */
  readonly backup: string;
  readonly key: string;
  readonly memberName: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly hashKV: number;
  readonly restoredAt: string;
}

/** What a volume is found to be. */
export type FoundVolume =
  | { readonly kind: "Free" }
  | { readonly kind: "Owned" }
  | { readonly kind: "Restored"; readonly marker: RestoredMarker };

/** The volume that a restore fills, and the files by which it knows how far it came. */
export class RestoreVolume {
  readonly #disk: Disk;
  readonly #root: string;

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
  }

  /** Where the snapshot lies while the data are made of it: on the same volume, which has room for both. */
  static snapshotPath(root: string): string {
    return join(root, SNAPSHOT_FILE);
  }

  /**
   * Looks at it and changes nothing. A volume with anything in it that is neither a member's nor this restore's own is
   * refused with VolumeOccupied.
   */
  async look(clusterUid: string, key: string): Promise<FoundVolume> {
    if (!(await this.#disk.exists(this.#root))) return { kind: "Free" };
    const names = (await this.#disk.list(this.#root)).filter((name) => !NOT_OURS.has(name));
    if (names.includes(OWNER_FILE)) return { kind: "Owned" };
    if (names.includes(RESTORED_FILE)) return this.#restored(clusterUid, key, names.includes(MEMBER_FOLDER));
    if (names.includes(RESTORING_FILE)) return { kind: "Free" };
    const strange = names.filter((name) => !BUILDING.test(name));
    if (strange.length === 0) return { kind: "Free" };
    throw occupied(`${this.#root} holds ${strange.join(", ")}, which no restore has made`);
  }

  /** From here on, what is in the volume is this restore's. What an earlier one left half done goes. */
  async begin(): Promise<void> {
    await makeDurableFolder(this.#disk, this.#root);
    await this.#writeWhole(RESTORING_FILE, "{}\n");
    await this.#removeHalfDone();
  }

  /** The data are on disk: says what they are. */
  async finish(marker: RestoredMarker): Promise<void> {
    await this.#disk.remove(join(this.#root, SNAPSHOT_FILE));
    await this.#writeWhole(RESTORED_FILE, `${JSON.stringify(marker, undefined, 2)}\n`);
    await this.#disk.remove(join(this.#root, RESTORING_FILE));
    await this.#disk.syncFolder(this.#root);
  }

  /** The volume is as it was before `begin`. */
  async undo(): Promise<void> {
    await this.#removeHalfDone();
    await this.#disk.remove(join(this.#root, RESTORED_FILE));
    await this.#disk.remove(join(this.#root, `${RESTORED_FILE}.new`));
    await this.#disk.syncFolder(this.#root);
    await this.#disk.remove(join(this.#root, RESTORING_FILE));
    await this.#disk.syncFolder(this.#root);
  }

  async #removeHalfDone(): Promise<void> {
    for (const name of await this.#disk.list(this.#root)) {
      const isOurs = name === MEMBER_FOLDER || (name !== RESTORING_FILE && BUILDING.test(name));
      if (isOurs) await this.#disk.remove(join(this.#root, name));
    }
  }

  async #restored(clusterUid: string, key: string, hasData: boolean): Promise<FoundVolume> {
    const marker = await this.#readMarker();
    if (marker.clusterUid !== clusterUid || marker.key !== key) {
      throw occupied(`${this.#root} was restored from ${marker.backup} for cluster ${marker.clusterUid}`);
    }
    // Data that a member has never taken over and that are gone can be made again.
    return hasData ? { kind: "Restored", marker } : { kind: "Free" };
  }

  async #readMarker(): Promise<RestoredMarker> {
    const path = join(this.#root, RESTORED_FILE);
    const file = await this.#disk.open(path, "read");
    try {
      return JSON.parse(new TextDecoder().decode(await file.read(0, MARKER_BYTES_MAX))) as RestoredMarker;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw occupied(`${path} cannot be read (${error.message})`);
    } finally {
      await file.close();
    }
  }

  async #writeWhole(name: string, text: string): Promise<void> {
    const path = join(this.#root, name);
    await this.#disk.remove(`${path}.new`);
    const file = await this.#disk.open(`${path}.new`, "create");
    try {
      await file.write([new TextEncoder().encode(text)], 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    await this.#disk.rename(`${path}.new`, path);
    await this.#disk.syncFolder(this.#root);
  }
}

function occupied(reason: string): JobError {
  return new JobError(
    "VolumeOccupied",
    `${reason}; nothing was touched. Restore into a new cluster, or delete the claim`,
  );
}
