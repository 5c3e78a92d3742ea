import { messageOf } from "../base/message-of.ts";
import { hexId, type NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeMessage } from "../proto/raft-codec.ts";
import { MessageType, type Message } from "../proto/raft-message.ts";
import { sendError, type Exchange } from "./http-exchange.ts";
import type { PeerPortOptions } from "./peer-port-options.ts";

/** The longest message before a database (etcd's snapshotLimitByte). */
const MAX_ENVELOPE_BYTES = 64 * 1024 * 1024;
/** A sender that sends nothing for so long while we wait is given up (etcd's connection read deadline). */
const SILENCE_DEADLINE_MS = 5000;

/** One transfer that is being taken in. */
interface Reception {
  readonly exchange: Exchange;
  readonly done: Promise<void>;
}

/**
 * Takes snapshots in (peer-protocol §2.5): the message, then the database as it comes, at the pace of the disk. There is
 * one at a time; a newer one ends the older, whose sender may be gone without a trace.
 */
export class SnapshotReceiver {
  readonly #options: PeerPortOptions;
  #current: Reception | undefined;

  constructor(options: PeerPortOptions) {
    this.#options = options;
  }

  async receive(exchange: Exchange): Promise<void> {
    const before = this.#current;
    before?.exchange.request.destroy();
    const done = (before?.done ?? Promise.resolve()).catch(() => undefined).then(() => this.#take(exchange));
    const reception = { exchange, done };
    this.#current = reception;
    try {
      await done;
    } finally {
      if (this.#current === reception) this.#current = undefined;
    }
  }

  async #take(exchange: Exchange): Promise<void> {
    const { network, logger, clock, handlers } = this.#options;
    const startMs = clock.monotonicMs();
    const body = new SnapshotStream(exchange, clock);
    const message = await this.#readEnvelope(exchange, body);
    if (!message) return;
    const { from, snapshot } = message;
    const fields = { "remote-snapshot-sender-id": hexId(from), "incoming-snapshot-index": snapshot?.metadata.index };
    logger.info("receiving database snapshot", fields);
    let failure: string | undefined;
    const taken = network.metrics.receivingSnapshot(from);
    try {
      await handlers.onSnapshot(message, body.rest());
    } catch (error) {
      failure = messageOf(error);
    }
    taken();
    network.metrics.receivedBytes(from, body.readBytes);
    network.metrics.snapshotReceived(from, failure === undefined, (clock.monotonicMs() - startMs) / 1000);
    if (failure === undefined) {
      logger.info("received database snapshot", fields);
      exchange.response.writeHead(204).end();
    } else {
      logger.warn("failed to save incoming database snapshot", { ...fields, error: failure });
      sendError(exchange, 500, `failed to save KV snapshot (${failure})`);
    }
  }

  /** The message in front of the database; undefined: there is none that may be taken, and the request is answered. */
  async #readEnvelope(exchange: Exchange, body: SnapshotStream): Promise<Message | undefined> {
    const { network, logger } = this.#options;
    let message: Message;
    try {
      message = decodeMessage(await body.envelope());
    } catch (error) {
      sendError(exchange, 400, `failed to decode raft message (${(error as Error).message})`);
      return undefined;
    }
    if (message.type !== MessageType.Snap || !message.snapshot) {
      sendError(exchange, 400, "wrong raft message type");
      return undefined;
    }
    const refusal = network.refusal(message, true);
    if (refusal === undefined) return message;
    logRefusal(logger, message.from, refusal);
    sendError(exchange, 500, `failed to process raft message (${refusal})`);
    return undefined;
  }
}

function logRefusal(logger: PeerPortOptions["logger"], from: NodeId, reason: string): void {
  logger.warn("refused database snapshot", { "remote-snapshot-sender-id": hexId(from), reason });
}

/** The body of such a request, read from its start. */
class SnapshotStream {
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #chunks: AsyncIterator<Buffer>;
  #ahead: Buffer = Buffer.alloc(0);
  readBytes = 0;

  constructor(exchange: Exchange, clock: Clock) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#chunks = (exchange.request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  async envelope(): Promise<Uint8Array> {
    const length = (await this.#exactly(8)).readBigUInt64BE();
    if (length > MAX_ENVELOPE_BYTES) throw new Error(`the message exceeds ${String(MAX_ENVELOPE_BYTES)} bytes`);
    return this.#exactly(Number(length));
  }

  /** All that follows; throws if it is cut short. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#ahead.length > 0) yield this.#ahead;
    for (;;) {
      const chunk = await this.#next();
      if (!chunk) return;
      yield chunk;
    }
  }

  async #exactly(length: number): Promise<Buffer> {
    const chunks = [this.#ahead];
    let have = this.#ahead.length;
    while (have < length) {
      const chunk = await this.#next();
      if (!chunk) throw new Error("unexpected EOF");
      chunks.push(chunk);
      have += chunk.length;
    }
    const all = Buffer.concat(chunks);
    this.#ahead = all.subarray(length);
    return all.subarray(0, length);
  }

  async #next(): Promise<Buffer | undefined> {
    const timer = this.#clock.after(SILENCE_DEADLINE_MS, () => {
      this.#exchange.request.destroy(new Error(`nothing came for ${String(SILENCE_DEADLINE_MS)} ms`));
    });
    try {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.readBytes += value.length;
      return value;
    } finally {
      timer.cancel();
    }
  }
}
