import { parseArgs } from "node:util";
import { seededRandom, type Random } from "../../server/base/prng.ts";
import { Cluster } from "../support/cluster.ts";
import { mebibytes, processMemory } from "../support/process-stats.ts";
import { SERVER_HELP, serverBinary } from "../support/server-binary.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";
import { fuzzGrpc } from "./fuzz/fuzz-grpc.ts";
import { fuzzHttp2 } from "./fuzz/fuzz-http2.ts";
import { fuzzJson } from "./fuzz/fuzz-json.ts";
import { fuzzPeer } from "./fuzz/fuzz-peer.ts";
import { GuardedMember } from "./fuzz/guarded-member.ts";
import type { Tally } from "./fuzz/tally.ts";

const HELP = `node test/integration/fuzz.ts [options]

Sends a member what is wrong: protobuf messages over gRPC, HTTP/2 frames, JSON to the gateway, and requests to the peer port.
Authentication is on, so whatever can be read after all is refused. Afterwards it is the same process with the same data,
members, users and leases, its memory has not run away, and a put works.

  --cases N       how many in all (110000)
  --seed N        (1) the same seed makes the same inputs
  --server NAME   ${SERVER_HELP}
`;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "110000" },
    seed: { type: "string", default: "1" },
    server: { type: "string", default: "kvorum" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** Of all cases, so many hundredths go to each kind. */
const SHARES = { grpc: 55, http2: 10, json: 25, peer: 10 } as const;
/** Above what the member had before: buffers of requests, garbage that is not collected yet, a heap that has grown. */
const MORE_MEMORY_MAX_BYTES = 192 * 1024 * 1024;

const cases = Number(values.cases);
const seed = Number(values.seed);
const verdicts = new Verdicts();

await verdicts.conclude(async () => {
  const cluster = await Cluster.create({
    binary: serverBinary(values.server),
    size: 1,
    flags: ["--log-level", "error"],
  });
  try {
    await fuzz(cluster);
  } finally {
    await cluster.destroy();
  }
});

async function fuzz(cluster: Cluster): Promise<void> {
  const server = cluster.member(0);
  server.start();
  // It says so only at a lower level.
  const member = new GuardedMember(server.clientUrl);
  await untilPrepared(member);
  const { pid } = server;
  const [before, memoryBefore] = [await member.state(), processMemory(pid).rss];
  const identity = await member.identity();
  let sent = 0;
  const run = async (name: string, fuzzing: Promise<Tally>): Promise<void> => {
    const startMs = performance.now();
    const tally = await fuzzing;
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    console.log(`${name}: ${tally.text}, ${seconds} s`);
    sent += tally.sent;
    verdicts.check(tally.unanswered === 0, `${name}: every request is answered (${String(tally.unanswered)} are not)`);
  };
  await run("protobuf", fuzzGrpc(server.clientUrl, count(SHARES.grpc), random(0)));
  await run("HTTP/2", fuzzHttp2(server.clientUrl, count(SHARES.http2), random(1)));
  await run("JSON", fuzzJson(server.clientUrl, count(SHARES.json), random(2)));
  await run("peer port", fuzzPeer(server.peerUrl, identity, count(SHARES.peer), random(3)));
  verdicts.check(server.isRunning && server.pid === pid, `after ${String(sent)} it is the same process`);
  if (!server.isRunning) throw new Error(`it ended with ${String(server.exit)}:\n${server.lastLog()}`);
  const [after, memoryAfter] = [await member.state(), processMemory(pid).rss];
  verdicts.check(
    after === before,
    "data, revision, HashKV, leases, members, alarms, users and roles are what they were",
  );
  if (after !== before) console.log(`before: ${before}\nafter: ${after}`);
  verdicts.check(
    memoryAfter - memoryBefore < MORE_MEMORY_MAX_BYTES,
    `memory: ${mebibytes(memoryBefore)} before, ${mebibytes(memoryAfter)} after`,
  );
  await member.put("after", "all");
  verdicts.check((await member.state()) !== before, "a put still works");
  member.close();
}

function random(kind: number): Random {
  return seededRandom(seed * 4 + kind);
}

function count(share: number): number {
  return Math.floor((cases * share) / 100);
}

async function untilPrepared(member: GuardedMember): Promise<void> {
  await waitUntil("a first key is written", async () => {
    await member.put("first", "one");
    return true;
  });
  await member.prepare();
}
