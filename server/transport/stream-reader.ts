import type { ClientRequest, IncomingMessage } from "node:http";
import { hexId, type NodeId } from "../base/ids.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import type { Message } from "../proto/raft-message.ts";
import { WireError } from "../proto/wire-error.ts";
import type { DialGate } from "./dial-gate.ts";
import { MessageDecoder, MsgAppDecoder } from "./message-codec.ts";
import { headerOf, raftHeaders, type NetworkIdentity } from "./network-identity.ts";
import { readAnswer, type PeerClient } from "./peer-client.ts";
import type { PeerStatus } from "./peer-status.ts";
import type { StreamKind } from "./stream-writer.ts";
import type { UrlPicker } from "./url-picker.ts";

/** A stream on which nothing has come for so long is dead: link heartbeats come three times as often. */
const SILENCE_DEADLINE_MS = 5000;
/** At most one attempt of this stream in this time. */
const REDIAL_MS = 100;

export interface StreamReaderOptions {
  readonly kind: StreamKind;
  readonly identity: NetworkIdentity;
  readonly peerId: NodeId;
  readonly urls: UrlPicker;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly status: PeerStatus;
  readonly gate: DialGate;
  readonly onMessages: (messages: readonly Message[], bytes: number) => void;
  /** The peer knows that this member was removed. */
  readonly onRemoved: () => void;
}

/** One attempt: its request, and the stream once it has begun. */
interface Attempt {
  readonly request: ClientRequest;
  readonly url: string;
  lastHeardMs: number;
  isAnswered: boolean;
  end: ((reason: string) => void) | undefined;
}

/** A stream that this member opens to hear a peer's messages; opened again whenever it ends, for ever. */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  #attempt: Attempt | undefined;
  #redial: Timer | undefined;
  #leaveGate: (() => void) | undefined;
  #lastDialMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.#enterGate();
  }

  /** Gives up a stream that has gone silent. */
  checkDeadline(): void {
    const attempt = this.#attempt;
    if (attempt && this.#options.clock.monotonicMs() - attempt.lastHeardMs > SILENCE_DEADLINE_MS)
      this.#fail(attempt, `nothing was heard for ${String(SILENCE_DEADLINE_MS)} ms`);
  }

  close(): void {
    this.#isClosed = true;
    this.#redial?.cancel();
    this.#leaveGate?.();
    if (this.#attempt) this.#fail(this.#attempt, "stopped");
  }

  #enterGate(): void {
    this.#leaveGate = this.#options.gate.enter(() => {
      this.#dial();
    });
  }

  #dial(): void {
    const { kind, identity, peerId, urls, client, clock, gate } = this.#options;
    this.#lastDialMs = clock.monotonicMs();
    const url = urls.pick();
    let request: ClientRequest;
    try {
      request = client.open({
        method: "GET",
        url,
        path: `/raft/stream/${kind}/${hexId(identity.selfId)}`,
        headers: { ...raftHeaders(identity), "X-Raft-To": hexId(peerId) },
      });
    } catch (error) {
      // Certificates that cannot be read now may be there the next time.
      this.#retry(url, (error as Error).message);
      gate.failed();
      return;
    }
    const attempt: Attempt = { request, url, lastHeardMs: this.#lastDialMs, isAnswered: false, end: undefined };
    this.#attempt = attempt;
    request.on("error", (error) => {
      this.#fail(attempt, error.message);
    });
    request.on("response", (response) => {
      if (this.#attempt === attempt) this.#answered(attempt, response);
    });
    request.end();
  }

  #answered(attempt: Attempt, response: IncomingMessage): void {
    attempt.lastHeardMs = this.#options.clock.monotonicMs();
    attempt.isAnswered = true;
    this.#options.gate.answered();
    // Errors of a response also end it; "close" tells.
    response.on("error", () => undefined);
    if (response.statusCode !== 200) this.#refused(attempt, response).catch(() => undefined);
    else if (headerOf(response.headers, "x-server-version") === undefined)
      this.#fail(attempt, "unsupported stream type");
    else this.#listen(attempt, response);
  }

  async #refused(attempt: Attempt, response: IncomingMessage): Promise<void> {
    const isOurs = headerOf(response.headers, "x-etcd-cluster-id") === hexId(this.#options.identity.clusterId);
    if (response.statusCode === 410 && isOurs) {
      this.close();
      this.#options.onRemoved();
      return;
    }
    const status = `HTTP status ${String(response.statusCode)}`;
    try {
      const { body } = await readAnswer(response);
      this.#fail(attempt, `${status}: ${body.toString("utf8").trim()}`);
    } catch {
      this.#fail(attempt, status);
    }
  }

  #listen(attempt: Attempt, response: IncomingMessage): void {
    const { kind, identity, peerId, clock, status, gate, onMessages } = this.#options;
    const end = status.streamUp();
    gate.streamBegan();
    attempt.end = (reason) => {
      gate.streamEnded();
      end(reason);
    };
    const decoder =
      kind === "msgapp" ? new MsgAppDecoder({ local: identity.selfId, remote: peerId }) : new MessageDecoder();
    response.on("data", (chunk: Buffer) => {
      if (this.#attempt !== attempt) return;
      attempt.lastHeardMs = clock.monotonicMs();
      const messages = decodeChunk(decoder, chunk);
      if (messages instanceof WireError) this.#fail(attempt, messages.message);
      else onMessages(messages, chunk.length);
    });
    response.on("close", () => {
      this.#fail(attempt, "the peer closed the stream");
    });
  }

  #fail(attempt: Attempt, reason: string): void {
    if (this.#attempt !== attempt) return;
    this.#attempt = undefined;
    attempt.request.destroy();
    const { end } = attempt;
    end?.(reason);
    // A stream that was up says nothing about the URL.
    this.#retry(end ? undefined : attempt.url, reason);
    // The other stream may be next, and is to see which URL failed.
    if (!attempt.isAnswered) this.#options.gate.failed();
  }

  #retry(unreachableUrl: string | undefined, reason: string): void {
    if (this.#isClosed) return;
    const { urls, clock, status } = this.#options;
    if (unreachableUrl !== undefined) {
      urls.unreachable(unreachableUrl);
      status.down(reason);
    }
    const waitMs = Math.max(0, this.#lastDialMs + REDIAL_MS - clock.monotonicMs());
    this.#redial = clock.after(waitMs, () => {
      this.#enterGate();
    });
  }
}

function decodeChunk(decoder: MessageDecoder | MsgAppDecoder, chunk: Uint8Array): readonly Message[] | WireError {
  try {
    return decoder.push(chunk);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}
