import type { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { StoreError, type ObjectStore, type StoredObject } from "./object-store.ts";
import { storeErrorOf } from "./s3-error.ts";
import { S3Upload } from "./s3-upload.ts";
import { withRetries, type RetryWorld } from "./store-retries.ts";

/** A connection that does not come, or on which nothing moves, is given up and made anew. */
const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 30_000;
/** The signature needs one; servers other than Amazon's take this one or look away. */
const DEFAULT_REGION = "us-east-1";

/** Where a bucket is and who may use it. */
export interface S3Options {
  readonly bucket: string;
  /** Amazon's own for the region if undefined. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** The bucket in the path instead of in the host's name: what most servers other than Amazon's want. */
  readonly forcePathStyle: boolean;
  /** If undefined, what the environment of the pod gives: a role of its service account, for instance. */
  readonly credentials:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string | undefined }
    | undefined;
  /** Bytes of a part, at least 5 MiB, and how many parts are in memory at once. Both together bound the memory. */
  readonly partBytes?: number;
  readonly partsInFlight?: number;
}

/** A bucket of an S3-compatible server. */
export class S3Store implements ObjectStore {
  readonly description: string;
  readonly #client: S3Client;
  readonly #options: S3Options;
  readonly #world: RetryWorld;

  constructor(options: S3Options, world: RetryWorld) {
    const { bucket, endpoint, region, forcePathStyle, credentials } = options;
    this.description = `bucket ${bucket}${endpoint === undefined ? "" : ` at ${endpoint}`}`;
    if (endpoint !== undefined && !/^https?:\/\/[^/]+\/?$/.test(endpoint)) {
      throw new StoreError(
        "Invalid",
        `${this.description}: an endpoint is written as https://host or http://host:port`,
      );
    }
    this.#options = options;
    this.#world = world;
    this.#client = new S3Client({
      ...(endpoint !== undefined && { endpoint }),
      region: region ?? DEFAULT_REGION,
      forcePathStyle,
      ...(credentials && { credentials: { ...credentials, sessionToken: credentials.sessionToken ?? "" } }),
      // Ours: it knows which request may be made again and tells of it.
      maxAttempts: 1,
      // Checksums in trailers are Amazon's newest habit, which other servers refuse; the whole object has its SHA-256.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
    });
  }

  async put(key: string, source: Parameters<ObjectStore["put"]>[1]): Promise<{ readonly parts: number }> {
    // Not every server knows the condition that comes with the upload, and some look away.
    if (await this.head(key)) throw this.#alreadyThere(key);
    const { bucket, partBytes, partsInFlight } = this.#options;
    const upload = new S3Upload({
      client: this.#client,
      description: this.description,
      bucket,
      key,
      source,
      world: this.#world,
      ...(partBytes !== undefined && { partBytes }),
      ...(partsInFlight !== undefined && { partsInFlight }),
    });
    return upload.run();
  }

  read(key: string, position: number, length: number): Promise<Uint8Array> {
    if (length === 0) return Promise.resolve(new Uint8Array());
    return this.#request(`reading ${key}`, async () => {
      const Range = `bytes=${String(position)}-${String(position + length - 1)}`;
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#options.bucket, Key: key, Range }));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
      if (bytes.length === length) return bytes;
      const got = `${String(bytes.length)} of ${String(length)} bytes came`;
      throw new StoreError("Unavailable", `${this.description}: reading ${key} failed: ${got}; it is tried again`);
    });
  }

  /** By a GET of one byte: the answer to a HEAD has no words for why it is refused. */
  async head(key: string): Promise<StoredObject | undefined> {
    try {
      return await this.#request(`looking for ${key}`, async () => {
        const place = { Bucket: this.#options.bucket, Key: key };
        const { Body, ContentRange, ContentLength } = await this.#client.send(
          new GetObjectCommand({ ...place, Range: "bytes=0-0" }),
        );
        (Body as Readable | undefined)?.destroy();
        const whole = /\/(\d+)$/.exec(ContentRange ?? "")?.[1];
        return { key, size: whole === undefined ? (ContentLength ?? 0) : Number(whole) };
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.fault === "NotFound") return undefined;
      if (isEmptyObject(error)) return { key, size: 0 };
      throw error;
    }
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for (let token: string | undefined, isFirst = true; isFirst || token !== undefined; isFirst = false) {
      const page = await this.#request(`listing ${prefix}`, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#options.bucket,
            Prefix: prefix,
            ...(token !== undefined && { ContinuationToken: token }),
          }),
        ),
      );
      for (const { Key, Size } of page.Contents ?? []) if (Key !== undefined) yield { key: Key, size: Size ?? 0 };
      token = page.NextContinuationToken;
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#request(`deleting ${key}`, () =>
        this.#client.send(new DeleteObjectCommand({ Bucket: this.#options.bucket, Key: key })),
      );
    } catch (error) {
      if (!(error instanceof StoreError && error.fault === "NotFound")) throw error;
    }
  }

  close(): void {
    this.#client.destroy();
  }

  #request<T>(doing: string, request: () => Promise<T>): Promise<T> {
    return withRetries(this.#world, doing, async () => {
      try {
        return await request();
      } catch (error) {
        throw storeErrorOf(error, { description: this.description, doing });
      }
    });
  }

  #alreadyThere(key: string): StoreError {
    const advice = "backups are never overwritten: give the new one another name";
    return new StoreError("AlreadyExists", `${this.description}: ${key} is there already; ${advice}`);
  }
}

/** There is no first byte. */
function isEmptyObject({ cause }: StoreError): boolean {
  return cause instanceof Error && cause.name === "InvalidRange";
}
