import { create } from "@bufbuild/protobuf";
import { KeyValueSchema, type KeyValue } from "../proto/gen/kv_pb.js";
import type { KeyChange } from "./changed-keys.ts";

/** Changes of a key that may be on their way, or wait for others that are, before a further one has to wait. */
const MAX_UNSETTLED = 128;

/** A key that this proxy owns: nobody else changes it, so that what is known of it is true. */
export class OwnedKey {
  /** Where its leasing key was created. */
  readonly revision: bigint;
  /** When it was read last. */
  readAtMs: number;
  #kv: KeyValue | undefined;
  #writes = 0;
  #unsettled: KeyChange[] = [];
  #quiet = Promise.withResolvers<void>();

  constructor(revision: bigint, kv: KeyValue | undefined, nowMs: number) {
    this.revision = revision;
    this.#kv = kv;
    this.readAtMs = nowMs;
  }

  /** Whether the state is known: while own changes are on their way, only the cluster knows which of them have happened. */
  get isSettled(): boolean {
    return this.#writes === 0;
  }

  /** The key; undefined: there is none. */
  get kv(): KeyValue | undefined {
    return this.#kv;
  }

  /** A promise of fewer changes on their way, if there are too many. */
  get crowd(): Promise<void> | undefined {
    return this.#writes + this.#unsettled.length >= MAX_UNSETTLED ? this.#quiet.promise : undefined;
  }

  /** Changes are on their way: `end` says which have happened. Answers may overtake each other. */
  beginWrite(): { readonly end: (changes: readonly KeyChange[]) => void } {
    this.#writes++;
    return {
      end: (changes) => {
        this.#writes--;
        this.#unsettled.push(...changes);
        if (this.#writes === 0) this.#settle();
      },
    };
  }

  #settle(): void {
    const inOrder = this.#unsettled.toSorted((a, b) => Number(a.revision - b.revision));
    for (const change of inOrder) this.#kv = changed(this.#kv, change);
    this.#unsettled = [];
    this.#quiet.resolve();
    this.#quiet = Promise.withResolvers();
  }
}

/** What a change makes of a key that has no lease. */
function changed(kv: KeyValue | undefined, { key, revision, put }: KeyChange): KeyValue | undefined {
  if (!put) return undefined;
  return create(KeyValueSchema, {
    key: key.slice(),
    createRevision: kv?.createRevision ?? revision,
    modRevision: revision,
    version: (kv?.version ?? 0n) + 1n,
    value: put.ignoreValue && kv ? kv.value : put.value.slice(),
  });
}
