import { hexId, type NodeId } from "../base/ids.ts";
import { encodeMessage } from "../proto/raft-codec.ts";
import type { Message } from "../proto/raft-message.ts";
import { headerOf, raftHeaders, type NetworkIdentity } from "./network-identity.ts";
import type { PeerAnswer, PeerClient } from "./peer-client.ts";
import type { PeerStatus } from "./peer-status.ts";
import type { UrlPicker } from "./url-picker.ts";

/** Requests at the same time, and messages that wait for one to end (etcd's pipeline). */
const MAX_REQUESTS = 4;
export const MAX_PIPELINED_MESSAGES = 64;
/** Bytes of entries that wait; the message that exceeds it is the last one taken. */
const MAX_PIPELINED_BYTES = 64 * 1024 * 1024;
/** A message that was not taken after so long is lost. */
const POST_TIMEOUT_MS = 10_000;

export interface PipelineOptions {
  readonly identity: NetworkIdentity;
  readonly peerId: NodeId;
  readonly urls: UrlPicker;
  readonly client: PeerClient;
  readonly status: PeerStatus;
  /** Whether the peer is known to be there; until then messages wait for `resume` or `drop`. */
  readonly mayPost: () => boolean;
  readonly onSent: (bytes: number) => void;
  readonly onLost: () => void;
  readonly onRemoved: () => void;
}

/** Sends single messages by POST /raft while there is no stream; they may overtake each other. */
export class Pipeline {
  readonly #options: PipelineOptions;
  #waiting: { readonly message: Message; readonly bytes: number }[] = [];
  #waitingBytes = 0;
  #requests = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** False: there is no more room. */
  push(message: Message): boolean {
    if (this.#waiting.length >= MAX_PIPELINED_MESSAGES || this.#waitingBytes >= MAX_PIPELINED_BYTES) return false;
    const bytes = payloadBytes(message);
    this.#waiting.push({ message, bytes });
    this.#waitingBytes += bytes;
    this.resume();
    return true;
  }

  /** Sends what waits, as far as that is allowed. */
  resume(): void {
    while (this.#requests < MAX_REQUESTS && this.#options.mayPost()) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#waitingBytes -= next.bytes;
      this.#requests++;
      void this.#post(next.message).finally(() => {
        this.#requests--;
        this.resume();
      });
    }
  }

  /** What waits is lost: the peer is not there. */
  drop(): void {
    const hasLost = this.#waiting.length > 0;
    this.close();
    if (hasLost) this.#options.onLost();
  }

  close(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  async #post(message: Message): Promise<void> {
    const { identity, urls, client, status, onSent, onLost, onRemoved } = this.#options;
    const url = urls.pick();
    const body = encodeMessage(message);
    try {
      const answer = await client.call({
        method: "POST",
        url,
        path: "/raft",
        body,
        timeoutMs: POST_TIMEOUT_MS,
        headers: { "Content-Type": "application/protobuf", ...raftHeaders(identity) },
      });
      if (isRemoval(answer, identity)) onRemoved();
      if (answer.status !== 204) throw new Error(refusalOf(answer));
      status.up();
      onSent(body.length);
    } catch (error) {
      urls.unreachable(url);
      status.down((error as Error).message);
      onLost();
    }
  }
}

/** Whether a peer says that this member was removed from the cluster. */
export function isRemoval(answer: PeerAnswer, { clusterId }: NetworkIdentity): boolean {
  return answer.status === 403 && headerOf(answer.headers, "x-etcd-cluster-id") === hexId(clusterId);
}

/** What a peer said instead of taking a message. */
export function refusalOf({ status, body }: PeerAnswer): string {
  return `HTTP status ${String(status)}: ${body.toString("utf8", 0, 200).trim()}`;
}

function payloadBytes({ entries }: Message): number {
  let bytes = 0;
  for (const entry of entries) bytes += entry.data?.length ?? 0;
  return bytes;
}
