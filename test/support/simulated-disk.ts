import { concatBytes } from "../../server/base/bytes.ts";
import type { Random } from "../../server/base/prng.ts";
import type { Disk, DiskFile, DiskLock } from "../../server/ports/disk.ts";
import { DiskError } from "../../server/ports/disk-error.ts";

/** The unit that a real disk writes whole or not at all. */
const SECTOR_BYTES = 512;

/** What has happened to a file since its last sync, in order. */
type Change =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "size"; readonly size: number };

interface FileNode {
  readonly kind: "file";
  synced: Uint8Array;
  current: Uint8Array;
  unsynced: Change[];
}

interface FolderNode {
  readonly kind: "folder";
  synced: Map<string, Node>;
  current: Map<string, Node>;
}

type Node = FileNode | FolderNode;

/** Called before every operation; it may throw to make the operation fail, or return a promise to make it wait. */
export type DiskHook = (operation: string, path: string) => Promise<void> | void;

/**
 * A disk in memory that knows what a power cut would leave: the content of a file as of its last datasync, the
 * names in a folder as of its last syncFolder. Between them anything may have reached the platter.
 */
export class SimulatedDisk implements Disk {
  readonly #root: FolderNode;
  readonly #locks = new Set<string>();
  #isDead = false;
  hook: DiskHook | undefined;

  constructor(root: FolderNode = newFolder()) {
    this.#root = root;
  }

  /**
   * Cuts the power and returns the disk as the next process finds it; this one rejects everything from now on.
   * Without `random` everything unsynced is gone. With it each folder keeps its old or its new names, and each
   * file some of its unsynced changes and any sectors of the next one.
   */
  cutPower(random?: Random): SimulatedDisk {
    this.#isDead = true;
    restart(this.#root, random);
    return new SimulatedDisk(this.#root);
  }

  async open(path: string, mode: "create" | "write" | "existing" | "read"): Promise<DiskFile> {
    await this.#before("open", path);
    const { folder, name } = this.#parent("open", path);
    let node = folder.current.get(name);
    if (node && mode === "create") throw failure("open", path, "EEXIST");
    if (!node) {
      if (mode === "existing" || mode === "read") throw failure("open", path, "ENOENT");
      node = { kind: "file", synced: new Uint8Array(), current: new Uint8Array(), unsynced: [] };
      folder.current.set(name, node);
    }
    if (node.kind === "folder") throw failure("open", path, "EISDIR");
    return this.#file(path, node);
  }

  #file(path: string, node: FileNode): DiskFile {
    const guard = (operation: string): Promise<void> => this.#before(operation, path);
    return {
      path,
      async write(buffers, position) {
        await guard("write");
        apply(node, { kind: "write", position, bytes: concatBytes(buffers) });
      },
      async read(position, length, into) {
        await guard("read");
        const bytes = node.current.slice(position, position + length);
        if (!into) return bytes;
        into.set(bytes);
        return into.subarray(0, bytes.length);
      },
      async datasync() {
        const changes = node.unsynced.length;
        await guard("datasync");
        for (const change of node.unsynced.splice(0, changes)) node.synced = changed(node.synced, change);
      },
      async size() {
        await guard("size");
        return node.current.length;
      },
      async allocate(size) {
        await guard("allocate");
        if (size > node.current.length) apply(node, { kind: "size", size });
      },
      async truncate(size) {
        await guard("truncate");
        apply(node, { kind: "size", size });
      },
      close: () => guard("close"),
    };
  }

  async list(path: string): Promise<readonly string[]> {
    await this.#before("list", path);
    return [...this.#folder("list", path).current.keys()].toSorted();
  }

  async exists(path: string): Promise<boolean> {
    await this.#before("exists", path);
    let node: Node | undefined = this.#root;
    for (const name of namesOf(path)) node = node?.kind === "folder" ? node.current.get(name) : undefined;
    return node !== undefined;
  }

  async makeFolder(path: string): Promise<void> {
    await this.#before("makeFolder", path);
    let folder = this.#root;
    for (const name of namesOf(path)) {
      const next: Node = folder.current.get(name) ?? newFolder();
      if (next.kind === "file") throw failure("makeFolder", path, "ENOTDIR");
      folder.current.set(name, next);
      folder = next;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#before("rename", from);
    const source = this.#parent("rename", from);
    const node = source.folder.current.get(source.name);
    if (!node) throw failure("rename", from, "ENOENT");
    const target = this.#parent("rename", to);
    const replaced = target.folder.current.get(target.name);
    if (replaced?.kind === "folder" && replaced.current.size > 0) throw failure("rename", from, "ENOTEMPTY");
    source.folder.current.delete(source.name);
    target.folder.current.set(target.name, node);
  }

  async remove(path: string): Promise<void> {
    await this.#before("remove", path);
    if (await this.exists(path)) {
      const { folder, name } = this.#parent("remove", path);
      folder.current.delete(name);
    }
  }

  async syncFolder(path: string): Promise<void> {
    await this.#before("syncFolder", path);
    const folder = this.#folder("syncFolder", path);
    folder.synced = new Map(folder.current);
  }

  async lock(path: string): Promise<DiskLock> {
    await this.#before("lock", path);
    if (this.#locks.has(path)) throw new DiskError("lock", path, "held by another process");
    this.#locks.add(path);
    return { release: async () => void this.#locks.delete(path) };
  }

  async #before(operation: string, path: string): Promise<void> {
    await this.hook?.(operation, path);
    if (this.#isDead) throw failure(operation, path, "EIO");
  }

  #folder(operation: string, path: string): FolderNode {
    let node: Node | undefined = this.#root;
    for (const name of namesOf(path)) node = node?.kind === "folder" ? node.current.get(name) : undefined;
    if (node?.kind !== "folder") throw failure(operation, path, "ENOENT");
    return node;
  }

  #parent(operation: string, path: string): { folder: FolderNode; name: string } {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) throw failure(operation, path, "EISDIR");
    return { folder: this.#folder(operation, names.join("/")), name };
  }
}

function restart(folder: FolderNode, random: Random | undefined): void {
  if (!random || random.below(2) === 0) folder.current = new Map(folder.synced);
  folder.synced = new Map(folder.current);
  for (const node of folder.current.values()) {
    if (node.kind === "folder") restart(node, random);
    else restartFile(node, random);
  }
}

function restartFile(node: FileNode, random: Random | undefined): void {
  const unsynced = node.unsynced;
  node.unsynced = [];
  if (random) {
    const kept = random.below(unsynced.length + 1);
    for (const change of unsynced.slice(0, kept)) node.synced = changed(node.synced, change);
    const torn = unsynced[kept];
    if (torn?.kind === "write") node.synced = tornWrite(node.synced, torn.position, torn.bytes, random);
  }
  node.current = node.synced.slice();
}

/** Either the first sectors of a write, or any of them: disks may reorder within one write. */
function tornWrite(content: Uint8Array, position: number, bytes: Uint8Array, random: Random): Uint8Array {
  const firstBoundary = SECTOR_BYTES - (position % SECTOR_BYTES);
  const cuts = [0];
  for (let cut = firstBoundary; cut < bytes.length; cut += SECTOR_BYTES) cuts.push(cut);
  const inOrder = random.below(2) === 0;
  const count = random.below(cuts.length + 1);
  let torn = content;
  for (const [i, cut] of cuts.entries()) {
    if (inOrder ? i >= count : random.below(2) === 0) continue;
    torn = changed(torn, { kind: "write", position: position + cut, bytes: bytes.subarray(cut, cuts[i + 1]) });
  }
  return torn;
}

function apply(node: FileNode, change: Change): void {
  node.unsynced.push(change);
  node.current = changed(node.current, change);
}

/** The content after a change; in place where it fits. */
function changed(content: Uint8Array, change: Change): Uint8Array {
  const size = change.kind === "size" ? change.size : Math.max(content.length, change.position + change.bytes.length);
  let next = content;
  if (size !== content.length) {
    next = new Uint8Array(size);
    next.set(content.subarray(0, size));
  }
  if (change.kind === "write") next.set(change.bytes, change.position);
  return next;
}

function newFolder(): FolderNode {
  return { kind: "folder", synced: new Map(), current: new Map() };
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "");
}

function failure(operation: string, path: string, code: string): DiskError {
  return new DiskError(operation, path, Object.assign(new Error(code), { code }));
}
