import { create } from "@bufbuild/protobuf";
import { assert, asyncProperty, integer } from "fast-check";
import { expect, test } from "vitest";
import { seededRandom, type Random } from "../../../server/base/prng.ts";
import type { KeyValue } from "../../../server/proto/gen/kv_pb.js";
import {
  CompareSchema,
  DeleteRangeRequestSchema,
  PutRequestSchema,
  RangeRequestSchema,
  TxnRequestSchema,
} from "../../../server/proto/gen/rpc_pb.js";
import { NO_ORIGIN } from "../../../server/proxy/upstream.ts";
import type { UpstreamKv } from "../../../server/proxy/upstream-kv.ts";
import { RpcError } from "../../../server/rpc/status.ts";
import { bytes, text } from "../../support/test-machine.ts";
import { LeasedCluster } from "./leased-cluster.ts";
import { putOp, readOp } from "./leased-world.ts";

const KEYS = ["a", "b", "c"] as const;
const OPERATIONS = 120;
const MAX_UNDER_WAY = 6;
/** Far more than any run needs: whoever is still waiting then waits for ever. */
const MAX_STEPS = 200_000;

/** Everything that has to wait, let go one by one in an order of its own. */
class Turns {
  readonly #random: Random;
  readonly #waiting: (() => void)[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  readonly pause = (): Promise<void> => new Promise((resolve) => this.#waiting.push(resolve));

  /** False: nobody waits. */
  async next(): Promise<boolean> {
    const [go] = this.#waiting.splice(this.#random.below(this.#waiting.length), 1);
    go?.();
    await new Promise((resolve) => setImmediate(resolve));
    return go !== undefined;
  }
}

/** One run: two proxies, whose messages go at different speeds, get lost and are cut off, and clients of both. */
async function run(seed: number): Promise<{ readonly calls: number; readonly reads: number }> {
  const random = seededRandom(seed);
  const turns = new Turns(random);
  const cluster = new LeasedCluster();
  const cut = new Set<number>();
  let losesCalls = true;
  const proxies = [0, 1].map((at) =>
    cluster.proxy({
      pause: turns.pause,
      isCut: () => cut.has(at),
      breaks: () => losesCalls && random.below(25) === 0,
      fails: () => (losesCalls && random.below(25) === 0 ? (random.below(2) === 0 ? "there" : "back") : undefined),
    }),
  );
  const underWay = new Set<Promise<void>>();
  let reads = 0;
  const start = (): void => {
    const { kv } = proxies[random.below(2)]!;
    const isRead = random.below(2) === 0;
    if (isRead) reads++;
    const read = random.below(2) === 0 ? readOne : readTogether;
    const done = (isRead ? read(cluster, kv, random) : writeOne(cluster, kv, random))
      .catch((error: unknown) => {
        // What is lost is told, and that a lease has ended; nothing else may go wrong.
        if (!(error instanceof RpcError) || !/away|lease-not-found/.test(error.message)) throw error;
      })
      .finally(() => underWay.delete(done));
    done.catch(() => undefined);
    underWay.add(done);
    failures.push(done);
  };
  const failures: Promise<void>[] = [];
  let started = 0;
  for (let step = 0; started < OPERATIONS || underWay.size > 0; step++) {
    if (step > MAX_STEPS) throw new Error(`${String(underWay.size)} calls never end`);
    if (started === OPERATIONS) {
      losesCalls = false;
      cut.clear();
    }
    const dice = random.below(100);
    if (started < OPERATIONS && dice < 30 && underWay.size < MAX_UNDER_WAY) {
      started++;
      start();
    }
    if (started < OPERATIONS && dice === 30) {
      const at = random.below(2);
      if (!cut.delete(at)) cut.add(at);
    }
    if (dice === 34) cluster.compact();
    if (dice === 31) await cluster.advance(random.below(30_000));
    if (dice < 34 && dice > 31) await cluster.advance(random.below(1500));
    if (!(await turns.next())) await cluster.advance(500);
  }
  await Promise.all(failures);
  const ended = Promise.all(proxies.map((proxy) => proxy.close()));
  await cluster.advance(5000);
  await ended;
  return { calls: proxies.reduce((sum, { calls }) => sum + calls.length, 0), reads };
}

const stateOf = (kv: KeyValue | undefined): string =>
  kv
    ? `${text(kv.value)} created ${String(kv.createRevision)} changed ${String(kv.modRevision)} version ${String(kv.version)}`
    : "none";

/** What is read was so at some time while the read was under way, and at the revision that it says. */
async function readOne(cluster: LeasedCluster, kv: UpstreamKv, random: Random): Promise<void> {
  const key = KEYS[random.below(KEYS.length)]!;
  const began = cluster.revision;
  const { kvs, header } = await kv.range(create(RangeRequestSchema, { key: bytes(key) }), NO_ORIGIN);
  const states = new Set<string>();
  for (let revision = began; revision <= cluster.revision; revision++) states.add(stateOf(cluster.at(key, revision)));
  const seen = stateOf(kvs[0]);
  if (!states.has(seen)) throw new Error(`${key} was read as ${seen}, and was ${[...states].join(" or ")}`);
  const then = stateOf(cluster.at(key, header!.revision));
  if (then !== seen) throw new Error(`at ${String(header!.revision)} ${key} was ${then} and not ${seen}`);
}

/**
 * What a transaction has read together was so together at some time while it was under way, and at the revision that it
 * says; and it has taken the branch for that. Its other branch may change something.
 */
async function readTogether(cluster: LeasedCluster, kv: UpstreamKv, random: Random): Promise<void> {
  const keys = [KEYS[random.below(KEYS.length)]!, KEYS[random.below(KEYS.length)]!] as const;
  const began = cluster.revision;
  const targetUnion = { case: "version" as const, value: random.below(2) === 0 ? 0n : 1_000_000n };
  const compare = [create(CompareSchema, { key: bytes(keys[0]), result: 1, target: 0, targetUnion })];
  const reads = keys.map((key) => readOp(key));
  const success = targetUnion.value === 0n ? reads : [putOp(keys[1], "never")];
  const { header, succeeded, responses } = await kv.txn(
    create(TxnRequestSchema, { compare, success, failure: reads }),
    NO_ORIGIN,
  );
  const seen = responses.map(({ response }) =>
    stateOf(response.case === "responseRange" ? response.value.kvs[0] : undefined),
  );
  const isSo = (revision: bigint): boolean => {
    const is = keys.map((key) => cluster.at(key, revision));
    const chooses = (is[0]?.version ?? 0n) > targetUnion.value;
    return chooses === succeeded && is.every((one, at) => stateOf(one) === seen[at]);
  };
  const window: bigint[] = [];
  for (let revision = began; revision <= cluster.revision; revision++) window.push(revision);
  const what = `${keys.join(" and ")} read together as ${seen.join(" and ")}, ${String(succeeded)}`;
  if (!window.some(isSo)) throw new Error(`${what}: so it never was from ${String(began)} on`);
  if (!isSo(header!.revision)) throw new Error(`${what}: so it was not at ${String(header!.revision)}`);
}

let written = 0;

/** What is said to be written is there at the revision that the answer says. */
async function writeOne(cluster: LeasedCluster, kv: UpstreamKv, random: Random): Promise<void> {
  const key = KEYS[random.below(KEYS.length)]!;
  const value = `v${String(++written)}`;
  const dice = random.below(12);
  const valueAt = (revision: bigint): string => text(cluster.at(key, revision)?.value);
  if (dice < 5) {
    const { header } = await kv.put(create(PutRequestSchema, { key: bytes(key), value: bytes(value) }), NO_ORIGIN);
    expect(valueAt(header!.revision)).toBe(value);
  } else if (dice < 7) {
    const { header } = await kv.deleteRange(create(DeleteRangeRequestSchema, { key: bytes(key) }), NO_ORIGIN);
    expect(valueAt(header!.revision)).toBe("");
  } else if (dice < 8) {
    // With a lease, which ends soon.
    const lease = cluster.grant(1 + random.below(20));
    const { header } = await kv.put(
      create(PutRequestSchema, { key: bytes(key), value: bytes(value), lease }),
      NO_ORIGIN,
    );
    expect(valueAt(header!.revision)).toBe(value);
  } else if (dice < 9) {
    const range = { key: bytes("a"), rangeEnd: bytes(random.below(2) === 0 ? "\0" : "c") };
    const { header } = await kv.deleteRange(create(DeleteRangeRequestSchema, range), NO_ORIGIN);
    expect(stateOf(cluster.at("b", header!.revision))).toBe("none");
  } else {
    const version = BigInt(random.below(2));
    const targetUnion = { case: "version" as const, value: version };
    const compare = create(CompareSchema, { key: bytes(key), target: 0, targetUnion });
    const other = KEYS[random.below(KEYS.length)]!;
    const everything = { case: "requestDeleteRange" as const, value: { key: bytes("a"), rangeEnd: bytes("z") } };
    const isDeleting = random.below(3) === 0;
    const failure = [isDeleting ? { request: everything } : putOp(other, value)];
    const txn = create(TxnRequestSchema, { compare: [compare], success: [putOp(key, value)], failure });
    const { header, succeeded, responses } = await kv.txn(txn, NO_ORIGIN);
    const [done] = responses.map(({ response }) => response);
    // What deletes nothing has no revision of its own.
    const changes = done?.case === "responseDeleteRange" && done.value.deleted === 0n ? 0n : 1n;
    const before = cluster.at(key, header!.revision - changes)?.version ?? 0n;
    expect(succeeded).toBe(before === version);
    const isGone = !succeeded && isDeleting;
    expect(text(cluster.at(succeeded ? key : other, header!.revision)?.value)).toBe(isGone ? "" : value);
  }
}

test("whatever two proxies do at the same time, and whatever gets lost, each read is of the present", async () => {
  await assert(
    asyncProperty(integer(), async (seed) => {
      await run(seed);
    }),
    { numRuns: 60 },
  );
}, 120_000);
