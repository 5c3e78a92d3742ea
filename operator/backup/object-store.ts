/**
 * Why a store did not do what it was asked. `Unavailable` may pass, all others stay until somebody changes something.
 * `Invalid` is a store that is described wrongly: no such bucket, another region, a certificate that nobody signed.
 */
export type StoreFault =
  "NotFound" | "AlreadyExists" | "AccessDenied" | "Unavailable" | "NoSpace" | "Invalid" | "Unexpected";

/** A store's failure; the message is a sentence for a condition, and says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Bytes that can be read again from any place: a part whose connection was cut is sent once more. */
export interface ObjectSource {
  readonly size: number;
  /** Exactly these bytes; a view on `into`, which has room for them. */
  read(position: number, length: number, into: Uint8Array): Promise<Uint8Array>;
}

/** An object that is there. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
}

/**
 * A place for large objects under keys with slashes. Memory is bounded whatever the size of an object: it is sent from a
 * source and read in ranges. Failures are StoreErrors.
 */
export interface ObjectStore {
  /** For sentences: "bucket backups at https://s3.example.com". */
  readonly description: string;
  /** Puts a whole object, or nothing. Never overwrites: `AlreadyExists`. Says in how many parts it was sent. */
  put(key: string, source: ObjectSource): Promise<{ readonly parts: number }>;
  /** Exactly these bytes of an object; `NotFound` if there is none. */
  read(key: string, position: number, length: number): Promise<Uint8Array>;
  /** Undefined if there is none. */
  head(key: string): Promise<StoredObject | undefined>;
  /** All objects whose key begins with that. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Nothing happens if there is none. */
  delete(key: string): Promise<void>;
  close(): void;
}

/** The bytes of something small as a source. */
export function sourceOf(bytes: Uint8Array): ObjectSource {
  return {
    size: bytes.length,
    read: (position, length) => Promise.resolve(bytes.subarray(position, position + length)),
  };
}
