import type { ObjectSource, ObjectStore, StoredObject } from "./object-store.ts";

/** A part of a store: all keys begin with the prefix, which nobody sees. */
export class PrefixedStore implements ObjectStore {
  readonly description: string;
  readonly #store: ObjectStore;
  readonly #prefix: string;

  constructor(store: ObjectStore, prefix: string) {
    this.#store = store;
    this.#prefix = prefix;
    this.description = `${store.description} below ${prefix}`;
  }

  put(key: string, source: ObjectSource): Promise<{ readonly parts: number }> {
    return this.#store.put(this.#prefix + key, source);
  }

  read(key: string, position: number, length: number): Promise<Uint8Array> {
    return this.#store.read(this.#prefix + key, position, length);
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const object = await this.#store.head(this.#prefix + key);
    return object && { ...object, key };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for await (const object of this.#store.list(this.#prefix + prefix)) {
      yield { ...object, key: object.key.slice(this.#prefix.length) };
    }
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(this.#prefix + key);
  }

  close(): void {
    this.#store.close();
  }
}
