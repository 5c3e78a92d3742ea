import { must } from "../base/assert.ts";
import {
  migrationRefusal,
  parseStored,
  storageVersionRow,
  storedText,
  UNSAID_STORAGE_VERSION,
  updateRefusal,
  type MinorVersion,
} from "../base/minor-version.ts";
import type { Term } from "../base/ids.ts";
import { ETCD_CLUSTER_VERSION } from "../base/versions.ts";
import { META } from "../backend/buckets.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";

/** What a cluster is at while some of its members could not be asked yet (etcd's MinClusterVersion): nothing follows it. */
const UNDECIDED_CLUSTER_VERSION = "3.0.0";

/** What came of holding the store's version against the cluster's. */
export type StorageVersionStep =
  | { readonly kind: "same" }
  | { readonly kind: "updated"; readonly from: string; readonly to: string }
  /** It stays as it was. */
  | { readonly kind: "refused"; readonly from: string | undefined; readonly reason: string };

/**
 * Which release understands this member's rows, in a row of their own. It is this member's alone: no entry of the log sets
 * it and no hash shows it, it follows the cluster's version (etcd version/monitor.go: UpdateStorageVersionIfNeeded).
 */
export class StorageVersion {
  readonly #buffer: WriteBuffer;
  readonly #term: () => Term;
  #row: string | undefined;

  /** `term`: that of the last entry applied. */
  constructor(buffer: WriteBuffer, term: () => Term) {
    this.#buffer = buffer;
    this.#term = term;
  }

  load(row: string): void {
    this.#row = parseStored(row) && row;
  }

  /** "3.6.0", as a snapshot says it of itself; 3.5 had no such row. */
  get row(): string | undefined {
    return this.#row;
  }

  /** What the rows are taken for; undefined while that cannot be told. */
  get detected(): string | undefined {
    const current = this.#current;
    return current && storedText(current);
  }

  /** Why a member of this release cannot work with the rows, in etcd's words; undefined if it can. */
  get refusal(): string | undefined {
    const current = this.#current;
    return current && migrationRefusal(current, must(parseStored(ETCD_CLUSTER_VERSION)));
  }

  /**
   * Brings the row to the cluster's version, by a step that etcd 3.6 knows. `neededByLog` is the newest release that the log
   * needs from the last snapshot on.
   */
  follow(clusterVersion: string | undefined, neededByLog: () => MinorVersion | undefined): StorageVersionStep {
    const target = clusterVersion === undefined ? undefined : parseStored(clusterVersion);
    if (target === undefined || clusterVersion === UNDECIDED_CLUSTER_VERSION) return { kind: "same" };
    const current = this.#current;
    if (current === undefined) {
      const reason = "cannot detect storage schema version: missing term information";
      return { kind: "refused", from: undefined, reason };
    }
    const from = storedText(current);
    if (current.major === target.major && current.minor === target.minor) return { kind: "same" };
    const reason = updateRefusal(current, target, neededByLog);
    if (reason !== undefined) return { kind: "refused", from, reason };
    this.#row = storageVersionRow(target);
    if (this.#row === undefined) this.#buffer.delete("meta", META.storageVersion);
    else this.#buffer.put("meta", META.storageVersion, new TextEncoder().encode(this.#row));
    return { kind: "updated", from, to: storedText(target) };
  }

  get #current(): MinorVersion | undefined {
    if (this.#row !== undefined) return parseStored(this.#row);
    return this.#term() > 0 ? UNSAID_STORAGE_VERSION : undefined;
  }
}
