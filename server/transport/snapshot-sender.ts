import type { ClientRequest } from "node:http";
import type { Clock } from "../ports/clock.ts";
import type { SnapshotBody } from "../ports/network.ts";
import type { Message } from "../proto/raft-message.ts";
import { encodeMessageFrame } from "./message-codec.ts";
import { raftHeaders, type NetworkIdentity } from "./network-identity.ts";
import { answerTo, type PeerAnswer, type PeerClient } from "./peer-client.ts";

/** A peer that takes none of the database for so long is given up. */
const STALL_MS = 30_000;
/** How long a peer may work on a database that it has completely. */
const INSTALL_TIMEOUT_MS = 10 * 60 * 1000;

export interface SnapshotTransfer {
  readonly url: string;
  readonly message: Message;
  readonly body: SnapshotBody;
  readonly identity: NetworkIdentity;
  readonly client: PeerClient;
  readonly clock: Clock;
  /** Ends the transfer early. */
  readonly signal: AbortSignal;
  readonly onSent: (bytes: number) => void;
}

/**
 * Streams a snapshot by POST /raft/snapshot (peer-protocol §2.5): the message, then the database as fast as the peer
 * takes it. Resolves with the peer's answer; a transfer that fails or stalls rejects, and its request is cut short,
 * so that the peer never takes a part for the whole.
 */
export async function sendSnapshot(transfer: SnapshotTransfer): Promise<PeerAnswer> {
  const { url, identity, client, signal } = transfer;
  signal.throwIfAborted();
  const request = client.open({
    method: "POST",
    url,
    path: "/raft/snapshot",
    headers: { "Content-Type": "application/octet-stream", ...raftHeaders(identity) },
  });
  const onAbort = (): void => {
    request.destroy(new Error("stopped"));
  };
  signal.addEventListener("abort", onAbort);
  const answer = answerTo(request);
  // Whoever awaits it may come later than its failure.
  answer.catch(() => undefined);
  let isWritten = false;
  const written = writeBody(request, transfer).then(() => {
    isWritten = true;
  });
  try {
    await Promise.race([written, answer]);
    if (!isWritten) return await early(answer);
    const timer = transfer.clock.after(INSTALL_TIMEOUT_MS, () => {
      request.destroy(new Error(`no answer within ${String(INSTALL_TIMEOUT_MS)} ms`));
    });
    return await answer.finally(() => {
      timer.cancel();
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    request.destroy();
    // The body must have closed its file before the caller releases it.
    await written.catch(() => undefined);
  }
}

/** An answer before the database was there can only be a refusal. */
async function early(answer: Promise<PeerAnswer>): Promise<PeerAnswer> {
  const { status, ...rest } = await answer;
  if (status === 204) throw new Error("the peer answered before it had the whole database");
  return { status, ...rest };
}

async function writeBody(request: ClientRequest, { message, body, clock, onSent }: SnapshotTransfer): Promise<void> {
  const write = async (piece: Uint8Array): Promise<void> => {
    if (request.destroyed) throw new Error("the connection was closed");
    onSent(piece.length);
    await writePiece(request, piece, clock);
  };
  await write(encodeMessageFrame(message));
  let sentBytes = 0;
  for await (const piece of body.read()) {
    sentBytes += piece.length;
    await write(piece);
  }
  if (sentBytes !== body.sizeBytes)
    throw new Error(`the database has ${String(sentBytes)} bytes instead of ${String(body.sizeBytes)}`);
  request.end();
}

/** Writes a piece; resolves when the kernel has it, so that its array may be used again. */
async function writePiece(request: ClientRequest, piece: Uint8Array, clock: Clock): Promise<void> {
  const timer = clock.after(STALL_MS, () => {
    request.destroy(new Error(`the peer took nothing for ${String(STALL_MS)} ms`));
  });
  const onClose = Promise.withResolvers<void>();
  request.once("close", onClose.resolve);
  const taken = new Promise<void>((resolve) => {
    // A failure is told by the request itself; here it only means that nobody reads the array any more.
    request.write(piece, () => {
      resolve();
    });
  });
  try {
    await Promise.race([taken, onClose.promise]);
  } finally {
    timer.cancel();
    request.off("close", onClose.resolve);
  }
}
