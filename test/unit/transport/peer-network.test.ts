import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import type { SnapshotBody } from "../../../server/ports/network.ts";
import { EntryType, MessageType, type Entry, type Message } from "../../../server/proto/raft-message.ts";
import { MAX_QUEUED_BYTES } from "../../../server/transport/stream-writer.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import {
  CLUSTER,
  connectedPair,
  heartbeat,
  message,
  N1,
  N2,
  N3,
  TestMember,
  untilConnected,
} from "../../support/peer-member.ts";

const soon = { timeout: 60_000, interval: 5 };
const commits = (messages: readonly Message[]) => messages.map(({ commit }) => commit);

function append(index: number, entries: readonly Entry[], to = N2): Message {
  return message({ type: MessageType.App, to, term: 2, logTerm: 2, index, entries, commit: index });
}

function entry(index: number, bytes = 10): Entry {
  return { type: EntryType.Normal, term: 2, index, data: new Uint8Array(bytes).fill(index) };
}

/** A database in pieces, which tells when it was released. */
function snapshotBody(pieces: readonly Uint8Array[], sizeBytes?: number) {
  const body = {
    sizeBytes: sizeBytes ?? pieces.reduce((sum, piece) => sum + piece.length, 0),
    released: 0,
    async *read() {
      await Promise.resolve();
      yield* pieces;
    },
    release() {
      body.released++;
      return Promise.resolve();
    },
  };
  return body satisfies SnapshotBody;
}

function snapshotMessage(to = N2): Message {
  const confState = { voters: [N1, N2], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  return message({
    type: MessageType.Snap,
    to,
    term: 2,
    snapshot: { data: undefined, metadata: { confState, index: 7, term: 2 } },
  });
}

/** A message whose data can be compared and shown. */
const plain = (each: Message) => ({
  ...each,
  entries: each.entries.map((e) => [e.index, Buffer.from(e.data ?? "").toString("hex")]),
});

test("messages of both streams arrive in their order, with their entries", async () => {
  const [one, two] = await connectedPair();
  const sent: Message[] = [];
  for (let i = 1; i <= 300; i++) {
    const turn = [heartbeat(i), append(i - 1, [entry(i)]), append(i, [])];
    sent.push(...turn);
    one.network.send(turn);
  }
  await vi.waitFor(() => expect(two.handlers.received).toHaveLength(sent.length), soon);
  const arrived = (type: MessageType) => two.handlers.received.filter((each) => each.type === type);
  expect(commits(arrived(MessageType.Heartbeat))).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  const appends = sent.filter((each) => each.type === MessageType.App);
  expect(arrived(MessageType.App).map(plain)).toEqual(appends.map(plain));
  expect(one.bugs).toEqual([]);
});

test("followers that get the same entries each rebuild them", async () => {
  const [one, two] = await connectedPair();
  const three = await TestMember.start(N3, { peers: [one.address] });
  one.network.addPeer(three.address);
  await untilConnected(one, three);
  const log = [entry(1), entry(2, 100_000), entry(3)];
  // Separate arrays with the same entries in them, as a log hands them out.
  one.network.send([append(0, log.slice(0)), append(0, log.slice(0), N3), append(3, [], N3), append(3, [])]);
  one.network.send([append(3, [entry(4)]), append(3, [entry(4)], N3)]);
  for (const { handlers, id } of [two, three]) {
    await vi.waitFor(() => expect(handlers.received).toHaveLength(3), soon);
    expect(handlers.received.map(({ to, entries }) => [to, ...entries.map((e) => e.data?.length)])).toEqual([
      [id, 10, 100_000, 10],
      [id],
      [id, 10],
    ]);
  }
});

test("a member is active while its streams are up, and inactive after they are gone", async () => {
  const [one, two] = await connectedPair();
  expect(one.network.activeSinceMs(N2)).toBeGreaterThan(0);
  expect(one.network.activeSinceMs(N3)).toBeUndefined();
  await two.stop();
  await vi.waitFor(() => expect(one.network.activeSinceMs(N2)).toBeUndefined(), soon);
});

test("streams that are cut come back and begin a new framing", async () => {
  const [one, two] = await connectedPair();
  one.network.send([append(0, [entry(1)]), append(1, [entry(2)])]);
  await vi.waitFor(() => expect(two.handlers.received).toHaveLength(2), soon);
  // They may be back before anybody sees that they were gone: what is waited for is the end of the old ones.
  await Promise.all([one.cut(), two.cut()]);
  await untilConnected(one, two);
  one.network.send([append(2, [entry(3)])]);
  await vi.waitFor(() => expect(two.handlers.received).toHaveLength(3), soon);
  expect(two.handlers.received[2]).toMatchObject({ index: 2, logTerm: 2, term: 2, entries: [{ index: 3 }] });
});

test("a member that comes back on the same port is connected again", async () => {
  const [one, two] = await connectedPair();
  await two.stop();
  await vi.waitFor(() => expect(one.network.streamsTo(N2)).toHaveLength(0), soon);
  const again = await TestMember.start(N2, { peers: [one.address] }, two.port);
  await untilConnected(one, again);
  one.network.send([heartbeat(5)]);
  await vi.waitFor(() => expect(commits(again.handlers.received)).toEqual([5]), soon);
});

test("a second URL is tried when the first does not answer", async () => {
  const one = await TestMember.start(N1);
  const two = await TestMember.start(N2, { peers: [{ id: N1, peerUrls: ["http://127.0.0.1:1", one.url] }] });
  one.network.addPeer(two.address);
  await untilConnected(one, two);
});

test("without streams messages go by POST, and what does not fit is reported", async () => {
  const two = await TestMember.start(N2);
  const one = await TestMember.start(N1, { peers: [two.address] });
  // The second does not dial: it does not know the first as a peer yet.
  expect(one.network.streamsTo(N2)).toEqual([]);
  one.network.send([append(0, [entry(1)]), heartbeat(3)]);
  await vi.waitFor(() => expect(two.handlers.received).toHaveLength(2), soon);
  const types = two.handlers.received.map(({ type }) => type);
  expect(new Set(types)).toEqual(new Set([MessageType.App, MessageType.Heartbeat]));
  expect(one.handlers.unreachable).toEqual([]);
  one.network.send(Array.from({ length: 100 }, (_, i) => heartbeat(i)));
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N2]), soon);
  // The 64 that wait, and those that a request could take at once.
  await vi.waitFor(() => expect(two.handlers.received.length).toBeGreaterThanOrEqual(2 + 64), soon);
  expect(two.handlers.received.length).toBeLessThanOrEqual(2 + 68);
});

test("what cannot be delivered is reported as unreachable, in a later turn", async () => {
  const one = await TestMember.start(N1, { peers: [{ id: N2, peerUrls: ["http://127.0.0.1:1"] }] });
  one.network.send([heartbeat(1)]);
  expect(one.handlers.unreachable).toEqual([]);
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N2]), soon);
  one.network.send([heartbeat(1, N3)]);
});

/** A peer that opens streams but never reads them: a plain socket. */
function dialDeaf(one: TestMember, from: bigint): ReturnType<typeof connect> {
  const socket = connect(one.port, "127.0.0.1");
  const headers = [
    `GET /raft/stream/msgapp/${from.toString(16)} HTTP/1.1`,
    "Host: x",
    "X-Server-Version: 3.6.16",
    "X-Min-Cluster-Version: 3.0.0",
    `X-Etcd-Cluster-Id: ${CLUSTER.toString(16)}`,
    `X-Raft-To: ${N1.toString(16)}`,
  ];
  socket.pause();
  socket.on("error", () => undefined);
  socket.write(`${headers.join("\r\n")}\r\n\r\n`);
  onTestFinished(() => void socket.destroy());
  return socket;
}

test("a peer that does not read holds a bounded number of bytes, then messages are dropped and reported", async () => {
  const clock = new ManualClock();
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: ["http://127.0.0.1:1"] }] });
  dialDeaf(one, N2);
  await vi.waitFor(() => expect(one.network.streamsTo(N2)).toEqual(["msgapp"]), soon);
  const data = new Uint8Array(1024 * 1024);
  const big = (index: number) => append(index - 1, [{ type: EntryType.Normal, term: 2, index, data }]);
  for (let i = 1; i <= 120; i++) one.network.send([big(i)]);
  expect(one.network.pendingBytesTo(N2)).toBeGreaterThan(MAX_QUEUED_BYTES);
  expect(one.network.pendingBytesTo(N2)).toBeLessThan(MAX_QUEUED_BYTES + 4 * data.length);
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N2]), soon);
  // After the deadline it is hung up on, and nothing is held any more.
  clock.advance(6000);
  expect(one.network.streamsTo(N2)).toEqual([]);
  expect(one.network.pendingBytesTo(N2)).toBe(0);
});

test("no more than 4096 small messages wait for one stream", async () => {
  const clock = new ManualClock();
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: ["http://127.0.0.1:1"] }] });
  dialDeaf(one, N2);
  await vi.waitFor(() => expect(one.network.streamsTo(N2)).toEqual(["msgapp"]), soon);
  one.network.send(Array.from({ length: 4097 }, (_, i) => append(i, [])));
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N2]), soon);
});

test("a newly opened stream takes the place of the one before, which is closed", async () => {
  const [one, two] = await connectedPair();
  const first = dialDeaf(one, N2);
  const closed = new Promise((resolve) => first.once("close", resolve));
  first.resume();
  await vi.waitFor(() => expect(first.bytesRead).toBeGreaterThan(0), soon);
  const second = dialDeaf(one, N2);
  second.resume();
  await closed;
  // The real reader was replaced too, dials again and wins in the end.
  second.destroy();
  await untilConnected(one, two);
  await vi.waitFor(() => {
    one.network.send([append(0, [entry(1)])]);
    expect(two.handlers.received.length).toBeGreaterThan(0);
  }, soon);
});

test("a stream on which nothing comes for 5 s is given up and opened again", async () => {
  const clock = new ManualClock();
  const requests: ServerResponse[] = [];
  const mute = createServer((_request: IncomingMessage, response) => {
    response.writeHead(200, { "X-Server-Version": "3.6.16" });
    response.flushHeaders();
    requests.push(response);
  });
  await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void mute.close());
  onTestFinished(() => mute.closeAllConnections());
  const { port } = mute.address() as AddressInfo;
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: [`http://127.0.0.1:${port}`] }] });
  await vi.waitFor(() => expect(one.network.activeSinceMs(N2)).toBeDefined(), soon);
  await vi.waitFor(() => expect(requests).toHaveLength(2), soon);
  clock.advance(4900);
  expect(one.network.activeSinceMs(N2)).toBeDefined();
  clock.advance(1000);
  expect(one.network.activeSinceMs(N2)).toBeUndefined();
  clock.advance(100);
  await vi.waitFor(() => expect(requests.length).toBeGreaterThanOrEqual(4), soon);
});

test("link heartbeats go out three times in 5 s", async () => {
  const clock = new ManualClock();
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: ["http://127.0.0.1:1"] }] });
  const socket = dialDeaf(one, N2);
  let heard = "";
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  socket.resume();
  await vi.waitFor(() => expect(heard).toContain("\r\n\r\n"), soon);
  for (let beats = 1; beats <= 3; beats++) {
    clock.advance(1667);
    await vi.waitFor(() => expect(heard.split("\r\n\r\n")[1]).toBe("1\r\n\0\r\n".repeat(beats)), soon);
  }
});

/** A port that takes connections and never says a word: a proxy before a member that is away. */
async function mutePort(): Promise<{ readonly url: string; readonly taken: Socket[] }> {
  const taken: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => undefined).resume();
    taken.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => {
    for (const socket of taken) socket.destroy();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken };
}

/** Whatever was to be connected in this moment is. */
async function settled(taken: readonly Socket[]): Promise<number> {
  for (let before = -1; before !== taken.length;) {
    before = taken.length;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  return taken.length;
}

test("a peer that does not answer is tried over one connection at a time, and what waits for it is lost", async () => {
  const clock = new ManualClock();
  const { url, taken } = await mutePort();
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: [url] }] });
  one.network.send([heartbeat(1), append(0, []), heartbeat(2)]);
  await vi.waitFor(() => expect(taken).toHaveLength(1), soon);
  expect(await settled(taken)).toBe(1);
  expect(one.handlers.unreachable).toEqual([]);
  // Silence for 5 s ends the attempt.
  clock.advance(6000);
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N2]), soon);
  one.network.send([heartbeat(3)]);
  await vi.waitFor(() => expect(taken).toHaveLength(2), soon);
  expect(await settled(taken)).toBe(2);
});

test("the attempt after one that hung goes to the next URL", async () => {
  const clock = new ManualClock();
  const [first, second] = [await mutePort(), await mutePort()];
  await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: [first.url, second.url] }] });
  await vi.waitFor(() => expect(first.taken).toHaveLength(1), soon);
  clock.advance(6000);
  await vi.waitFor(() => expect(second.taken).toHaveLength(1), soon);
  expect(await settled(first.taken)).toBe(1);
});

test("a peer that comes by itself is tried at once, whatever hangs", async () => {
  const clock = new ManualClock();
  const { url, taken } = await mutePort();
  const one = await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: [url] }] });
  await vi.waitFor(() => expect(taken).toHaveLength(1), soon);
  dialDeaf(one, N2);
  await vi.waitFor(() => expect(taken).toHaveLength(2), soon);
  expect(await settled(taken)).toBe(2);
});

test("redials wait until 100 ms after the last one", async () => {
  const clock = new ManualClock();
  let dials = 0;
  const refusing = createServer((_request, response) => {
    dials++;
    response.writeHead(404).end("error sender not found\n");
  });
  await new Promise<void>((resolve) => refusing.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void refusing.close());
  const { port } = refusing.address() as AddressInfo;
  await TestMember.start(N1, { clock, peers: [{ id: N2, peerUrls: [`http://127.0.0.1:${port}`] }] });
  await vi.waitFor(() => expect(dials).toBe(2), soon);
  clock.advance(99);
  await new Promise((resolve) => setImmediate(resolve));
  expect(dials).toBe(2);
  await vi.waitFor(() => {
    clock.advance(1);
    expect(dials).toBeGreaterThanOrEqual(4);
  }, soon);
});

test("a member that was removed learns it from the answer 410", async () => {
  const two = await TestMember.start(N2);
  two.handlers.removedIds.add(N1);
  const one = await TestMember.start(N1, { peers: [two.address] });
  await vi.waitFor(() => expect(one.handlers.wasRemoved).toBe(true), soon);
});

test("a 410 from another cluster does not remove anybody", async () => {
  let dials = 0;
  const foreign = createServer((_request, response) => {
    dials++;
    response.writeHead(410, { "X-Etcd-Cluster-Id": "1" }).end("removed member\n");
  });
  await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void foreign.close());
  const { port } = foreign.address() as AddressInfo;
  const one = await TestMember.start(N1, { peers: [{ id: N2, peerUrls: [`http://127.0.0.1:${port}`] }] });
  await vi.waitFor(() => expect(dials).toBeGreaterThan(2), soon);
  expect(one.handlers.wasRemoved).toBe(false);
});

test("two members that share a URL are told apart by their ids", async () => {
  const one = await TestMember.start(N1);
  const two = await TestMember.start(N2, { peers: [one.address] });
  one.network.addPeer(two.address);
  // A learner that is to take the second's place: announced with the same URL, not running yet.
  one.network.addPeer({ id: N3, peerUrls: [two.url] });
  await untilConnected(one, two);
  one.network.send([heartbeat(1), heartbeat(2, N3)]);
  await vi.waitFor(() => expect(one.handlers.unreachable).toEqual([N3]), soon);
  expect(commits(two.handlers.received)).toEqual([1]);
  expect(one.network.activeSinceMs(N3)).toBeUndefined();
  expect(one.handlers.wasRemoved).toBe(false);
});

test("a snapshot arrives whole, is reported once and released once", async () => {
  const [one, two] = await connectedPair();
  const pieces = Array.from({ length: 200 }, (_, i) => new Uint8Array(64 * 1024).fill(i));
  const arrived: Buffer[] = [];
  two.handlers.onSnapshot = async ({ snapshot }, body) => {
    expect(snapshot?.metadata.index).toBe(7);
    for await (const chunk of body) arrived.push(Buffer.from(chunk));
  };
  const body = snapshotBody(pieces);
  one.network.sendSnapshot(snapshotMessage(), body);
  await vi.waitFor(() => expect(one.handlers.snapshotsSent).toEqual([{ id: N2, isDelivered: true }]), soon);
  expect(Buffer.concat(arrived).equals(Buffer.concat(pieces))).toBe(true);
  expect(body.released).toBe(1);
  expect(two.handlers.received).toEqual([]);
});

test("a receiver that takes its time holds the sender back", async () => {
  const [one, two] = await connectedPair();
  let read = 0;
  const body = {
    ...snapshotBody([], 64 * 1024 * 1024),
    async *read() {
      for (; read < 64; read++) {
        await Promise.resolve();
        yield new Uint8Array(1024 * 1024);
      }
    },
  };
  const gate = Promise.withResolvers<undefined>();
  two.handlers.onSnapshot = async (_message, chunks) => {
    await gate.promise;
    for await (const _ of chunks);
  };
  one.network.sendSnapshot(snapshotMessage(), body);
  let before = -1;
  await vi.waitFor(
    () => {
      const isStill = read > 0 && read === before;
      before = read;
      expect(isStill).toBe(true);
    },
    { timeout: 60_000, interval: 100 },
  );
  expect(read).toBeLessThan(32);
  gate.resolve(undefined);
  await vi.waitFor(() => expect(one.handlers.snapshotsSent).toEqual([{ id: N2, isDelivered: true }]), soon);
});

test.each([
  [
    "the database turns out shorter than announced",
    (one: TestMember, _two: TestMember) => {
      const body = snapshotBody([new Uint8Array(1000)], 2000);
      one.network.sendSnapshot(snapshotMessage(), body);
      return body;
    },
  ],
  [
    "the receiver cuts the connection in the middle",
    (one: TestMember, two: TestMember) => {
      two.handlers.onSnapshot = async (_message, chunks) => {
        for await (const _ of chunks) await two.cut();
      };
      const body = snapshotBody(Array.from({ length: 500 }, () => new Uint8Array(64 * 1024)));
      one.network.sendSnapshot(snapshotMessage(), body);
      return body;
    },
  ],
  [
    "the receiver's disk fails",
    (one: TestMember, two: TestMember) => {
      two.handlers.onSnapshot = () => Promise.reject(new Error("ENOSPC"));
      const body = snapshotBody(Array.from({ length: 500 }, () => new Uint8Array(64 * 1024)));
      one.network.sendSnapshot(snapshotMessage(), body);
      return body;
    },
  ],
  [
    "the peer is not known",
    (one: TestMember, _two: TestMember) => {
      const body = snapshotBody([new Uint8Array(10)]);
      one.network.removePeer(N2);
      one.network.sendSnapshot(snapshotMessage(), body);
      return body;
    },
  ],
  [
    "the network is closed meanwhile",
    (one: TestMember, two: TestMember) => {
      two.handlers.onSnapshot = async (_message, chunks) => {
        for await (const _ of chunks) await one.network.close();
      };
      const body = snapshotBody(Array.from({ length: 500 }, () => new Uint8Array(64 * 1024)));
      one.network.sendSnapshot(snapshotMessage(), body);
      return body;
    },
  ],
])("a snapshot is reported as failed once, and released once, when %s", async (_name, transfer) => {
  const [one, two] = await connectedPair();
  const body = transfer(one, two);
  await vi.waitFor(() => expect(one.handlers.snapshotsSent).toEqual([{ id: N2, isDelivered: false }]), soon);
  expect(body.released).toBe(1);
  expect(one.bugs).toEqual([]);
  expect(two.bugs).toEqual([]);
});

test("a receiver never takes the part of a snapshot that arrived for the whole", async () => {
  const [one, two] = await connectedPair();
  const outcome = Promise.withResolvers<string>();
  two.handlers.onSnapshot = async (_message, chunks) => {
    try {
      for await (const _ of chunks);
      outcome.resolve("whole");
    } catch (error) {
      outcome.resolve("cut");
      throw error;
    }
  };
  one.network.sendSnapshot(snapshotMessage(), snapshotBody([new Uint8Array(100_000)], 200_000));
  expect(await outcome.promise).toBe("cut");
});

test("an unknown sender is answered over its own URLs", async () => {
  const two = await TestMember.start(N2);
  const one = await TestMember.start(N1, { peers: [two.address] });
  two.handlers.unknownIds.add(N1);
  one.network.send([heartbeat(1)]);
  await vi.waitFor(() => expect(two.handlers.received).toHaveLength(1), soon);
  two.network.send([heartbeat(2, N1, N2)]);
  await vi.waitFor(() => expect(commits(one.handlers.received)).toEqual([2]), soon);
  expect(two.network.streamsTo(N1)).toEqual([]);
});

test.each([
  ["is of a local type", message({ type: MessageType.Hup })],
  ["comes from a local target", { ...heartbeat(1), from: 0xffff_ffff_ffff_ffffn }],
  ["is for another member", heartbeat(1, N3)],
  ["comes from a removed member", heartbeat(1, N2, N3)],
  ["is a snapshot without its database", snapshotMessage()],
])("a message that %s is refused", async (_name, refused) => {
  const two = await TestMember.start(N2);
  two.handlers.removedIds.add(N3);
  expect(two.network.deliver(refused)).toBeDefined();
  expect(two.handlers.received).toEqual([]);
});

test("closing ends all streams and lets the process go", async () => {
  const [one, two] = await connectedPair();
  await one.network.close();
  await vi.waitFor(() => expect(two.network.streamsTo(N1)).toEqual([]), soon);
  one.network.send([heartbeat(1)]);
  one.network.addPeer(two.address);
  expect(one.network.activeSinceMs(N2)).toBeUndefined();
});

test("the request of a stream is etcd's, byte for byte in its headers", async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const names = request.rawHeaders.filter((_, i) => i % 2 === 0);
    const values = request.rawHeaders.filter((_, i) => i % 2 === 1);
    for (const [i, name] of names.entries()) if (name.startsWith("X-")) seen.push(`${name}: ${values[i]}`);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const one = await TestMember.start(N1, {
    clock: new ManualClock(),
    peers: [{ id: N2, peerUrls: [`http://127.0.0.1:${port}`] }],
  });
  await vi.waitFor(() => expect(seen).toHaveLength(14), soon);
  const headers = [
    "X-Server-From: 9ee4bcfe6709567f",
    "X-Server-Version: 3.6.16",
    "X-Min-Cluster-Version: 3.0.0",
    "X-Etcd-Cluster-Id: ddf4329fc855aa38",
    `X-Peerurls: ${one.url}`,
    "X-Raft-To: c1dda8f7168399ba",
  ];
  expect(seen.toSorted()).toEqual(
    [
      "GET /raft/stream/msgapp/9ee4bcfe6709567f",
      ...headers,
      "GET /raft/stream/message/9ee4bcfe6709567f",
      ...headers,
    ].toSorted(),
  );
});
