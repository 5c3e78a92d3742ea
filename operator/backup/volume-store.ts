import { join } from "node:path";
import { makeDurableFolder } from "../../server/node/durable-folder.ts";
import type { Disk, DiskFile } from "../../server/ports/disk.ts";
import { DiskError } from "../../server/ports/disk-error.ts";
import { diskWords } from "./disk-words.ts";
import { StoreError, type ObjectSource, type ObjectStore, type StoreFault, type StoredObject } from "./object-store.ts";

/** Bytes in memory while an object is written. */
const COPY_BYTES = 4 * 1024 * 1024;
/** An object on its way has this at the end of its name; whoever lists does not see it. */
const UNFINISHED = ".part";

/** A folder on a mounted volume. An object appears by one rename after all of it is on disk. */
export class VolumeStore implements ObjectStore {
  readonly description: string;
  readonly #disk: Disk;
  readonly #root: string;

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#root = root;
    this.description = `volume at ${root}`;
  }

  async put(key: string, source: ObjectSource): Promise<{ readonly parts: number }> {
    const path = this.#path(key);
    await this.#do(`writing ${key}`, async () => {
      // A folder that is not there is no empty store: the volume is not mounted, and the backup would go with the pod.
      await this.#disk.list(this.#root);
      if (await this.#disk.exists(path)) {
        const advice = "backups are never overwritten: give the new one another name";
        throw new StoreError("AlreadyExists", `${this.description}: ${key} is there already; ${advice}`);
      }
      const folder = join(path, "..");
      await makeDurableFolder(this.#disk, folder);
      await this.#disk.remove(path + UNFINISHED);
      try {
        await this.#write(path + UNFINISHED, source);
        await this.#disk.rename(path + UNFINISHED, path);
      } catch (error) {
        await this.#disk.remove(path + UNFINISHED).catch(() => undefined);
        throw error;
      }
      await this.#disk.syncFolder(folder);
    });
    return { parts: 1 };
  }

  read(key: string, position: number, length: number): Promise<Uint8Array> {
    return this.#do(`reading ${key}`, () =>
      this.#withFile(key, async (file) => {
        const bytes = await file.read(position, length);
        if (bytes.length === length) return bytes;
        const end = `it ends at ${String(position + bytes.length)}`;
        throw new StoreError("Unexpected", `${this.description}: reading ${key} failed: ${end}`);
      }),
    );
  }

  async head(key: string): Promise<StoredObject | undefined> {
    return this.#do(`looking for ${key}`, async () => {
      await this.#disk.list(this.#root);
      if (!(await this.#disk.exists(this.#path(key)))) return undefined;
      return this.#withFile(key, async (file) => ({ key, size: await file.size() }));
    });
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
    for (const key of await this.#do(`listing ${prefix}`, () => this.#keysBelow(folder))) {
      if (!key.startsWith(prefix) || key.endsWith(UNFINISHED)) continue;
      const object = await this.head(key);
      if (object) yield object;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#do(`deleting ${key}`, async () => {
      const path = this.#path(key);
      await this.#disk.list(this.#root);
      if (!(await this.#disk.exists(path))) return;
      await this.#disk.remove(path);
      await this.#disk.syncFolder(join(path, ".."));
    });
  }

  close(): void {
    // Nothing is held open.
  }

  async #write(path: string, source: ObjectSource): Promise<void> {
    const file = await this.#disk.open(path, "create");
    try {
      const buffer = new Uint8Array(COPY_BYTES);
      for (let position = 0; position < source.size; position += COPY_BYTES) {
        const length = Math.min(COPY_BYTES, source.size - position);
        await file.write([await source.read(position, length, buffer)], position);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #withFile<T>(key: string, use: (file: DiskFile) => Promise<T>): Promise<T> {
    const file = await this.#disk.open(this.#path(key), "read");
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }

  async #keysBelow(folder: string): Promise<readonly string[]> {
    await this.#disk.list(this.#root);
    const top = folder === "" ? this.#root : this.#path(folder);
    const keys: string[] = [];
    const names = (await this.#disk.exists(top)) ? await this.#disk.list(top) : [];
    for (const name of names) {
      // What a file system check may have left on a volume is not ours to see.
      if (top === this.#root && name === "lost+found") continue;
      const key = folder === "" ? name : `${folder}/${name}`;
      try {
        keys.push(...(await this.#keysBelow(key)));
      } catch (error) {
        if (!(error instanceof DiskError) || error.code !== "ENOTDIR") throw error;
        keys.push(key);
      }
    }
    return keys;
  }

  /** Keys are ours and never lead out of the folder; one that a person typed may. */
  #path(key: string): string {
    const segments = key.split("/");
    if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) {
      throw new StoreError("Invalid", `${this.description}: "${key}" is no path within the volume`);
    }
    return join(this.#root, ...segments);
  }

  async #do<T>(doing: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      const [fault, advice] = this.#reading(error);
      throw new StoreError(fault, `${this.description}: ${doing} failed (${diskWords(error)}); ${advice}`, {
        cause: error,
      });
    }
  }

  #reading({ code = "", path }: DiskError): readonly [StoreFault, string] {
    if (code === "ENOENT" && path === this.#root) return ["Invalid", "mount the claim that the store names"];
    return READINGS[code] ?? ["Unavailable", "it is tried again"];
  }
}

const READINGS: Readonly<Record<string, readonly [StoreFault, string]>> = {
  ENOENT: ["NotFound", "correct the key, or take another backup"],
  ENOTDIR: ["Invalid", "a file is where a folder has to be"],
  EISDIR: ["Invalid", "a folder is where a file has to be"],
  EACCES: ["AccessDenied", "let the pod's group write to the volume"],
  EPERM: ["AccessDenied", "let the pod's group write to the volume"],
  EROFS: ["AccessDenied", "mount the volume so that it can be written"],
  ENOSPC: ["NoSpace", "make room on the volume"],
  EDQUOT: ["NoSpace", "make room on the volume"],
};
