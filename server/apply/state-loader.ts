import type { Index, Revision, Term } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";
import { KEY_PREFIX, META, PRIVATE_ROWS, splitBucketKey } from "../backend/buckets.ts";
import type { AnyBucket } from "../backend/buckets.ts";
import { parseConfState } from "../backend/conf-state-json.ts";
import type { SizeAccounting } from "../backend/size-accounting.ts";
import { readUint64 } from "../backend/uint64.ts";
import type { Mvcc } from "../mvcc/mvcc.ts";
import type { MvccLoader } from "../mvcc/mvcc-loader.ts";
import { decodeRevision } from "../mvcc/revision.ts";
import type { Lessor } from "../lease/lessor.ts";
import type { AuthStore } from "../auth/auth-store.ts";
import type { Membership } from "../cluster/membership.ts";
import type { StorageVersion } from "../cluster/storage-version.ts";
import type { Alarms } from "./alarms.ts";

/** Where a loaded store stands. */
export interface RecoveredState {
  /** 0 for a store without one. */
  readonly index: Index;
  readonly term: Term;
  readonly confState: ConfState | undefined;
}

/** What the rows are handed to. */
export interface LoadTargets {
  readonly mvcc: Mvcc;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly storageVersion: StorageVersion;
  readonly alarms: Alarms;
  readonly auth: AuthStore;
  readonly sizes: SizeAccounting;
}

/** Takes all rows of a store, under their store keys and in their order, into an empty state. */
export class StateLoader {
  readonly #targets: LoadTargets;
  readonly #keys: MvccLoader;
  readonly #meta = new Map<string, Uint8Array>();
  readonly #onFinish: (recovered: RecoveredState) => void;

  constructor(targets: LoadTargets, onFinish: (recovered: RecoveredState) => void) {
    this.#targets = targets;
    this.#keys = targets.mvcc.loader();
    this.#onFinish = onFinish;
  }

  row(storeKey: Uint8Array, value: Uint8Array): void {
    // Nearly all rows are records; they are read where they lie.
    if (storeKey[0] === KEY_PREFIX) return this.#keys.row(storeKey, 1, value);
    const { bucket, key } = splitBucketKey(storeKey);
    this.bucketRow(bucket, key, value);
  }

  /** The same for rows that come by bucket, as those of a snapshot. */
  bucketRow(bucket: AnyBucket, key: Uint8Array, value: Uint8Array): void {
    const { lessor, membership, alarms, auth, sizes } = this.#targets;
    switch (bucket) {
      case "key":
        return this.#keys.row(key, 0, value);
      case "lease":
        return lessor.load(value);
      case "members":
      case "members_removed":
      case "cluster":
        return membership.load(bucket, key, value);
      case "alarm":
        return alarms.load(key);
      case "meta":
        this.#meta.set(text(key), value);
        return;
      case "private":
        if (text(key) === text(PRIVATE_ROWS.dbSize)) sizes.restore(readUint64(value));
        return;
      case "auth":
      case "authRoles":
      case "authUsers":
        return auth.load(bucket, key, value);
    }
  }

  /** After the last row. */
  finish(): RecoveredState {
    const { mvcc, lessor, auth, storageVersion } = this.#targets;
    auth.finishLoading();
    mvcc.restore({
      lastRevision: this.#keys.lastRevision,
      scheduledCompactRevision: this.#compactRevision(META.scheduledCompactRevision),
      finishedCompactRevision: this.#compactRevision(META.finishedCompactRevision),
    });
    for (const [key, lease] of this.#keys.leases) lessor.attach(key, lease);
    const confState = this.#row(META.confState);
    const version = this.#row(META.storageVersion);
    if (version) storageVersion.load(text(version));
    const recovered: RecoveredState = {
      index: this.#counter(META.consistentIndex),
      term: this.#counter(META.term),
      confState: confState && parseConfState(confState),
    };
    this.#onFinish(recovered);
    return recovered;
  }

  #row(name: Uint8Array): Uint8Array | undefined {
    return this.#meta.get(text(name));
  }

  #counter(name: Uint8Array): number {
    const row = this.#row(name);
    return row ? readUint64(row) : 0;
  }

  #compactRevision(name: Uint8Array): Revision {
    const row = this.#row(name);
    return (row && decodeRevision(row)?.main) ?? -1;
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
