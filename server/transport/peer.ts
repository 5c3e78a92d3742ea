import type { ServerResponse } from "node:http";
import { hexId, type NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerAddress, SnapshotBody } from "../ports/network.ts";
import { MessageType, type Message } from "../proto/raft-message.ts";
import { DialGate } from "./dial-gate.ts";
import type { EncodedEntries } from "./message-codec.ts";
import type { NetworkIdentity } from "./network-identity.ts";
import type { NetworkMetrics } from "./network-metrics.ts";
import type { PeerClient } from "./peer-client.ts";
import { PeerStatus } from "./peer-status.ts";
import { isRemoval, Pipeline, refusalOf } from "./pipeline.ts";
import { Prober } from "./prober.ts";
import { sendSnapshot } from "./snapshot-sender.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamWriter, type StreamKind } from "./stream-writer.ts";
import { UrlPicker } from "./url-picker.ts";

export interface PeerOptions {
  readonly identity: NetworkIdentity;
  readonly address: PeerAddress;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: NetworkMetrics;
  readonly onMessage: (message: Message) => void;
  readonly onUnreachable: () => void;
  readonly onRemoved: () => void;
  readonly onSnapshotSent: (isDelivered: boolean) => void;
}

const STREAM_KINDS: readonly StreamKind[] = ["msgapp", "message"];

/** All channels to one other member: streams in both directions, the pipeline, snapshots. */
export class Peer {
  readonly id: NodeId;
  readonly #options: PeerOptions;
  readonly #urls: UrlPicker;
  readonly #status: PeerStatus;
  readonly #gate: DialGate;
  readonly #writers: Readonly<Record<StreamKind, StreamWriter>>;
  readonly #pipeline: Pipeline;
  readonly #closing = new AbortController();
  #readers: readonly StreamReader[] = [];
  #prober: Prober | undefined;
  #transfer: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;
  #hasLost = false;

  constructor(options: PeerOptions) {
    const { identity, address, client, clock, logger, metrics } = options;
    this.#options = options;
    this.id = address.id;
    this.#urls = new UrlPicker(address.peerUrls);
    this.#status = new PeerStatus({ selfId: identity.selfId, peerId: address.id, clock, logger, metrics });
    this.#gate = new DialGate({
      clock,
      onOpened: () => {
        this.#pipeline.resume();
      },
      onFailed: () => {
        this.#pipeline.drop();
      },
    });
    this.#writers = { msgapp: this.#makeWriter("msgapp"), message: this.#makeWriter("message") };
    this.#pipeline = new Pipeline({
      identity,
      client,
      peerId: address.id,
      urls: this.#urls,
      status: this.#status,
      // Nobody else finds out whether a peer is there that no stream is opened to.
      mayPost: () => !this.isStarted || this.#gate.isOpen,
      onSent: (bytes) => {
        metrics.sentBytes(this.id, bytes);
      },
      onLost: () => {
        this.#lost();
      },
      onRemoved: options.onRemoved,
    });
  }

  /** False: only the pipeline is used, because the peer is not known as a member (etcd's "remote"). */
  get isStarted(): boolean {
    return this.#prober !== undefined;
  }

  get activeSinceMs(): number | undefined {
    return this.#status.activeSinceMs;
  }

  get attachedStreams(): readonly StreamKind[] {
    return STREAM_KINDS.filter((kind) => this.#writers[kind].isAttached);
  }

  get pendingBytes(): number {
    return this.#writers.msgapp.pendingBytes + this.#writers.message.pendingBytes;
  }

  /** Opens the streams by which this member hears the peer. */
  start(): void {
    const { identity, client, clock, logger, metrics, onMessage, onRemoved } = this.#options;
    const makeReader = (kind: StreamKind): StreamReader =>
      new StreamReader({
        kind,
        identity,
        client,
        clock,
        onRemoved,
        peerId: this.id,
        urls: this.#urls,
        status: this.#status,
        gate: this.#gate,
        onMessages: (messages, bytes) => {
          metrics.receivedBytes(this.id, bytes);
          for (const message of messages) onMessage(message);
        },
      });
    this.#readers = STREAM_KINDS.map(makeReader);
    const isReachable = (): boolean => this.#gate.isOpen;
    this.#prober = new Prober({ client, clock, logger, metrics, peerId: this.id, urls: this.#urls, isReachable });
  }

  update(urls: readonly string[]): void {
    this.#urls.update(urls);
    this.#gate.hurry();
  }

  /** Gives the peer's own request for a stream its messages. */
  attach(kind: StreamKind, response: ServerResponse): void {
    this.#writers[kind].attach(response);
    this.#gate.hurry();
    this.#options.logger.info("established TCP streaming connection with remote peer", {
      "stream-writer-type": kind,
      "remote-peer-id": hexId(this.id),
    });
  }

  /** Queues a message on the best channel that there is (peer-protocol §2.2); `flush` sends it. */
  queue(message: Message, shared: EncodedEntries): void {
    const { msgapp, message: other } = this.#writers;
    let isTaken: boolean;
    if (message.type === MessageType.App && msgapp.isAttached) isTaken = msgapp.push(message, shared);
    else if (other.isAttached) isTaken = other.push(message, shared);
    else isTaken = this.#pipeline.push(message);
    if (!isTaken) this.#hasLost = true;
  }

  /** Sends what was queued in this turn, in one write for each stream. */
  flush(): void {
    const bytes = this.#writers.msgapp.flush() + this.#writers.message.flush();
    if (bytes > 0) this.#options.metrics.sentBytes(this.id, bytes);
    if (!this.#hasLost) return;
    this.#hasLost = false;
    this.#lost();
  }

  /** Streams a snapshot; one that is still under way to the same peer is given up for it. */
  sendSnapshot(message: Message, body: SnapshotBody): void {
    const before = this.#transfer;
    before?.abort.abort();
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#closing.signal]);
    const done = (async () => {
      await before?.done;
      await this.#transferSnapshot(message, body, signal);
    })();
    this.#transfer = { done, abort };
  }

  /** Whether the streams live; to be called several times within their deadline. */
  checkDeadlines(): void {
    for (const reader of this.#readers) reader.checkDeadline();
    for (const writer of Object.values(this.#writers)) writer.checkDeadline();
  }

  heartbeat(): void {
    for (const writer of Object.values(this.#writers)) writer.heartbeat();
  }

  /** Ends all channels; resolves when no snapshot is on its way any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#prober?.close();
    this.#gate.close();
    for (const reader of this.#readers) reader.close();
    for (const writer of Object.values(this.#writers)) writer.close();
    this.#pipeline.close();
    await this.#transfer?.done;
  }

  #makeWriter(kind: StreamKind): StreamWriter {
    const { clock, logger } = this.#options;
    return new StreamWriter({
      kind,
      clock,
      onLost: (hadQueue) => {
        if (this.#closing.signal.aborted) return;
        logger.warn("lost TCP streaming connection with remote peer", {
          "stream-writer-type": kind,
          "remote-peer-id": hexId(this.id),
        });
        if (hadQueue) this.#lost();
      },
    });
  }

  #lost(): void {
    if (this.#closing.signal.aborted) return;
    this.#options.metrics.sendFailed(this.id);
    this.#options.onUnreachable();
  }

  async #transferSnapshot(message: Message, body: SnapshotBody, signal: AbortSignal): Promise<void> {
    const { logger, clock, metrics } = this.#options;
    const startMs = clock.monotonicMs();
    const fields = {
      "remote-peer-id": hexId(this.id),
      "snapshot-index": message.snapshot?.metadata.index,
      "snapshot-size": body.sizeBytes,
    };
    let isDelivered = false;
    const done = metrics.sendingSnapshot(this.id);
    try {
      logger.info("sending database snapshot", fields);
      await this.#post(message, body, signal);
      isDelivered = true;
      logger.info("sent database snapshot", fields);
    } catch (error) {
      logger.warn("failed to send database snapshot", { ...fields, error: (error as Error).message });
    }
    try {
      await body.release();
    } catch (error) {
      logger.warn("failed to release database snapshot", { ...fields, error: (error as Error).message });
    }
    done();
    metrics.snapshotSent(this.id, isDelivered, (clock.monotonicMs() - startMs) / 1000);
    this.#options.onSnapshotSent(isDelivered);
  }

  async #post(message: Message, body: SnapshotBody, signal: AbortSignal): Promise<void> {
    const { identity, client, clock, metrics, onRemoved } = this.#options;
    const url = this.#urls.pick();
    const onSent = (bytes: number): void => {
      metrics.sentBytes(this.id, bytes);
    };
    try {
      const answer = await sendSnapshot({ url, message, body, identity, client, clock, signal, onSent });
      if (isRemoval(answer, identity)) onRemoved();
      if (answer.status !== 204) throw new Error(refusalOf(answer));
      this.#status.up();
    } catch (error) {
      this.#urls.unreachable(url);
      this.#status.down((error as Error).message);
      throw error;
    }
  }
}
