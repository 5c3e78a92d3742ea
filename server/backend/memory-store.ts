import { byteString, bytesOf } from "../base/byte-string.ts";
import { SortedMap } from "../base/sorted-map.ts";
import type { Store, StoreOperation, StoreRange, StoreRow, StoreScan } from "./store.ts";

/** The store in memory, for tests and simulation: what is written is there at once, a scan sees what was there when it was opened. */
export class MemoryStore implements Store {
  readonly #rows = new SortedMap<Uint8Array>();

  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return Promise.resolve(keys.map((key) => this.#rows.get(byteString(key))));
  }

  write(operations: readonly StoreOperation[], _options: { readonly sync: boolean }): Promise<void> {
    for (const { key, value } of operations) {
      if (value) this.#rows.set(byteString(key), value);
      else this.#rows.delete(byteString(key));
    }
    return Promise.resolve();
  }

  scan(range: StoreRange): StoreScan {
    const rows: StoreRow[] = [];
    const to = range.to && byteString(range.to);
    this.#rows.scan(byteString(range.from), to, Infinity, (key, value) => rows.push([bytesOf(key), value]));
    let at = 0;
    return {
      next: (byteLimit) => {
        const from = at;
        for (let bytes = 0; at < rows.length && bytes < byteLimit; at++) bytes += rowBytes(rows[at]);
        return Promise.resolve(rows.slice(from, at));
      },
      close: () => Promise.resolve(),
    };
  }

  compact(_range: StoreRange): Promise<void> {
    return Promise.resolve();
  }

  sizeOnDisk(): Promise<number> {
    let bytes = 0;
    this.#rows.scan("", undefined, Infinity, (key, value) => (bytes += key.length + value.length));
    return Promise.resolve(bytes);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function rowBytes(row: StoreRow | undefined): number {
  return row ? row[0].length + row[1].length : 0;
}
