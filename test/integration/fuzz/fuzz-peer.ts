import { hexId, type ClusterId, type NodeId } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import { decodeMessage, encodeMessage } from "../../../server/proto/raft-codec.ts";
import { EntryType, MessageType, type Message } from "../../../server/proto/raft-message.ts";
import { makeMessage } from "../../../server/raft/make-message.ts";
import { raftHeaders } from "../../../server/transport/network-identity.ts";
import { PlainSender, type PlainRequest } from "./fuzz-http1.ts";
import { mutated } from "./mutate.ts";
import { inParallel, Tally } from "./tally.ts";

const WIDTH = 32;
const STREAM_MS = 30;
const STRANGER: NodeId = 99n;
const TYPES = [
  MessageType.Heartbeat,
  MessageType.App,
  MessageType.Vote,
  MessageType.PreVote,
  MessageType.Snap,
] as const;

/** Asks a member's peer port what only a broken peer, or a stranger, would ask. Messages of raft that can be read are left out. */
export async function fuzzPeer(
  url: string,
  { selfId, clusterId }: { readonly selfId: NodeId; readonly clusterId: ClusterId },
  count: number,
  random: Random,
): Promise<Tally> {
  const tally = new Tally();
  const sender = new PlainSender(url, tally);
  const headers = raftHeaders({ selfId: STRANGER, clusterId, localPeerUrls: ["http://127.0.0.1:9"] });
  await inParallel(count, WIDTH, async () => {
    const raft = mutated(encodeMessage(sampleRaftMessage(selfId, random)), random);
    const requests: readonly (() => PlainRequest)[] = [
      () => ({ method: "POST", path: "/raft", headers, body: raft }),
      () => ({ method: "POST", path: "/raft", headers, body: raft }),
      () => ({ method: "POST", path: "/raft/snapshot", headers, body: snapshotBody(raft, random) }),
      () => ({ method: "POST", path: "/leases", body: mutated(Buffer.from("0807", "hex"), random) }),
      () => ({ method: "POST", path: "/leases/internal", body: mutated(Buffer.from("0a0408071001", "hex"), random) }),
      () => ({ method: "GET", path: "/members/hashkv", body: mutated(Buffer.from('{"revision":1}'), random) }),
      () => ({ method: "POST", path: `/members/promote/${mutatedText("12345", random)}`, body: new Uint8Array() }),
      () => ({
        method: "GET",
        path: `/raft/stream/msgapp/${mutatedText("63", random)}`,
        headers,
        body: new Uint8Array(),
      }),
      () => ({ method: "POST", path: `/${mutatedText("raft", random)}`, headers, body: raft }),
      () => ({ method: "POST", path: "/raft", headers: brokenHeaders(headers, random), body: raft }),
      () => ({ method: "GET", path: "/version", body: new Uint8Array() }),
    ];
    const made = requests[random.below(requests.length)]?.();
    if (!made) return;
    if (made.path.startsWith("/raft") && isReadable(raft)) tally.leftOut++;
    else await sender.send(made, made.path.startsWith("/raft/s") ? STREAM_MS : undefined);
  });
  sender.close();
  return tally;
}

function sampleRaftMessage(to: NodeId, random: Random): Message {
  const type = TYPES[random.below(TYPES.length)] ?? MessageType.App;
  const entry = { term: 2, index: random.below(100), type: EntryType.Normal, data: Buffer.from("data") };
  return makeMessage({
    type,
    to,
    from: STRANGER,
    term: random.below(5),
    logTerm: 1,
    index: random.below(100),
    entries: type === MessageType.App ? [entry, entry] : [],
    commit: random.below(100),
  });
}

/** A length of eight bytes, the message, a database. */
function snapshotBody(message: Uint8Array, random: Random): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(random.below(4) === 0 ? random.below(2 ** 31) : message.length));
  return Buffer.concat([length, message, Buffer.alloc(random.below(64), 1)]);
}

function isReadable(bytes: Uint8Array): boolean {
  try {
    decodeMessage(bytes);
    return true;
  } catch {
    return false;
  }
}

function brokenHeaders(headers: Readonly<Record<string, string>>, random: Random): Readonly<Record<string, string>> {
  const names = Object.keys(headers);
  const name = names[random.below(names.length)] ?? "";
  return { ...headers, [name]: mutatedText(headers[name] ?? hexId(0n), random) };
}

/** Such as Node's client lets pass. */
function mutatedText(text: string, random: Random): string {
  return encodeURIComponent(Buffer.from(mutated(Buffer.from(text), random)).toString("latin1")).slice(0, 200);
}
