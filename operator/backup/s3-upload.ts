import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { StoreError, type ObjectSource } from "./object-store.ts";
import { storeErrorOf } from "./s3-error.ts";
import { withRetries, type RetryWorld } from "./store-retries.ts";

const MEBIBYTE = 1024 * 1024;
/** S3 refuses smaller parts, but for the last one, and more parts than this. */
const PART_BYTES_MIN = 5 * MEBIBYTE;
const PARTS_MAX = 10_000;
/** Together the memory that an upload takes: 32 MiB. */
const PART_BYTES = 8 * MEBIBYTE;
const PARTS_IN_FLIGHT = 4;

export interface S3UploadOptions {
  readonly client: S3Client;
  readonly description: string;
  readonly bucket: string;
  readonly key: string;
  readonly source: ObjectSource;
  readonly world: RetryWorld;
  readonly partBytes?: number;
  readonly partsInFlight?: number;
}

/**
 * Puts one object: small ones at once, others in parts, of which some are under way at a time. A part whose connection is
 * cut is sent again from the source; if it cannot be sent, the upload is aborted and no object appears.
 */
export class S3Upload {
  readonly #options: S3UploadOptions;
  readonly #partBytes: number;
  readonly #parts: number;

  constructor(options: S3UploadOptions) {
    this.#options = options;
    this.#partBytes = partBytesFor(options.source.size, options.partBytes ?? PART_BYTES);
    this.#parts = Math.max(1, Math.ceil(options.source.size / this.#partBytes));
  }

  async run(): Promise<{ readonly parts: number }> {
    await (this.#parts === 1 ? this.#putWhole() : this.#putInParts());
    return { parts: this.#parts };
  }

  async #putWhole(): Promise<void> {
    const { client, source, key } = this.#options;
    const body = await source.read(0, source.size, new Uint8Array(source.size));
    await this.#onlyIfAbsent(`writing ${key}`, (condition) =>
      client.send(new PutObjectCommand({ ...this.#place, Body: body, ContentLength: body.length, ...condition })),
    );
  }

  async #putInParts(): Promise<void> {
    const { client, key, world } = this.#options;
    await this.#abortLeftovers();
    const created = await this.#request(`beginning the upload of ${key}`, () =>
      client.send(new CreateMultipartUploadCommand(this.#place)),
    );
    const UploadId = created.UploadId;
    try {
      const Parts = await this.#sendParts(UploadId);
      await this.#onlyIfAbsent(`completing ${key}`, (condition) =>
        client.send(
          new CompleteMultipartUploadCommand({ ...this.#place, UploadId, MultipartUpload: { Parts }, ...condition }),
        ),
      );
    } catch (error) {
      await client.send(new AbortMultipartUploadCommand({ ...this.#place, UploadId })).catch((reason: unknown) => {
        world.log(`the parts of ${key} stay in the store until the next backup of this name: ${String(reason)}`);
      });
      throw error;
    }
  }

  /** In the order of their numbers. Each worker has memory for one part; the first failure ends them all. */
  async #sendParts(UploadId: string | undefined) {
    const { partsInFlight = PARTS_IN_FLIGHT } = this.#options;
    const etags: (string | undefined)[] = [];
    const progress = { next: 0, hasFailed: false };
    const worker = async (): Promise<void> => {
      const buffer = new Uint8Array(this.#partBytes);
      while (progress.next < this.#parts && !progress.hasFailed) {
        const part = progress.next++;
        etags[part] = await this.#sendPart(UploadId, part, buffer);
      }
    };
    const workers = Array.from({ length: Math.min(partsInFlight, this.#parts) }, () =>
      worker().catch((error: unknown) => {
        progress.hasFailed = true;
        throw error;
      }),
    );
    // All of them, so that none still sends when the upload is aborted.
    const outcomes = await Promise.allSettled(workers);
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
    return etags.map((ETag, part) => ({ ETag, PartNumber: part + 1 }));
  }

  async #sendPart(UploadId: string | undefined, part: number, buffer: Uint8Array): Promise<string | undefined> {
    const { client, source, world } = this.#options;
    const position = part * this.#partBytes;
    const length = Math.min(this.#partBytes, source.size - position);
    const Body = await source.read(position, length, buffer);
    const doing = `sending part ${String(part + 1)} of ${String(this.#parts)}`;
    const command = { ...this.#place, UploadId, PartNumber: part + 1, Body, ContentLength: length };
    const { ETag } = await this.#request(doing, () => client.send(new UploadPartCommand(command)));
    world.log(`${doing}: done, ${String(length)} bytes`);
    return ETag;
  }

  /**
   * Makes the request that lets the object appear, on the condition that there is none. A server that does not know the
   * condition is asked without: it was looked for before. A second attempt may find what the first one has made.
   */
  async #onlyIfAbsent(doing: string, send: (condition: { readonly IfNoneMatch?: "*" }) => Promise<unknown>) {
    let hasCondition = true;
    await this.#request(doing, async (attempt) => {
      try {
        await send(hasCondition ? { IfNoneMatch: "*" } : {});
      } catch (error) {
        const name = error instanceof Error ? error.name : "";
        if (hasCondition && name === "NotImplemented") {
          hasCondition = false;
          await send({});
        } else if (attempt === 1 || !(await this.#isThere())) throw error;
      }
    });
  }

  async #isThere(): Promise<boolean> {
    const { client, source } = this.#options;
    const head = await client.send(new HeadObjectCommand(this.#place)).catch(() => undefined);
    return head?.ContentLength === source.size;
  }

  /** What an upload of this very object left behind that was killed: nobody else would ever remove its parts. */
  async #abortLeftovers(): Promise<void> {
    const { client, bucket, key, world } = this.#options;
    try {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
      for (const { Key, UploadId } of Uploads) {
        if (Key === key) await client.send(new AbortMultipartUploadCommand({ ...this.#place, UploadId }));
      }
    } catch (error) {
      world.log(`earlier uploads of ${key} were not looked for: ${String(error)}`);
    }
  }

  get #place(): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#options.key };
  }

  #request<T>(doing: string, request: (attempt: number) => Promise<T>): Promise<T> {
    const { world, description } = this.#options;
    return withRetries(world, doing, async (attempt) => {
      try {
        return await request(attempt);
      } catch (error) {
        throw error instanceof StoreError ? error : storeErrorOf(error, { description, doing });
      }
    });
  }
}

/** The size asked for, unless that would be too small for S3 or make too many parts. */
export function partBytesFor(objectBytes: number, wanted: number): number {
  const needed = Math.ceil(objectBytes / PARTS_MAX / MEBIBYTE) * MEBIBYTE;
  return Math.max(wanted, needed, PART_BYTES_MIN);
}
