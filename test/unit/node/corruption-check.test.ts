import { describe, expect, test } from "vitest";
import { DomainError } from "../../../server/base/domain-error.ts";
import {
  CorruptionCheck,
  CorruptionError,
  type CorruptionCheckOptions,
} from "../../../server/node/corruption-check.ts";
import type { Hashing } from "../../../server/node/hashing.ts";
import { Leadership } from "../../../server/node/leadership.ts";
import type { Command } from "../../../server/node/proposals.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import { PeerCallError } from "../../../server/ports/peer-call-error.ts";
import type { PeerCalls, PeerHashKv } from "../../../server/ports/network.ts";
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from "../../../server/proto/gen/rpc_pb.js";
import { ManualClock } from "../../support/manual-clock.ts";

const SELF = 1n;
const EVERY_MS = 60_000;
const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A peer's answer, or why there is none; by the revision that is asked for. */
type Peer = (revision: number) => PeerHashKv | Error;

function hash(revision: number, value: number, compactRevision = revision): PeerHashKv {
  return { revision: revision + 10, hash: value, compactRevision, hashRevision: revision };
}

interface Variant {
  readonly isLeader?: boolean;
  /** What this member has when it has caught up with the log. */
  readonly later?: readonly [revision: number, hash: number, compactRevision?: number] | undefined;
  readonly periods?: Pick<CorruptionCheckOptions, "compactHashCheckMs" | "corruptCheckMs">;
}

/** The hashes of this member's finished compactions, newest first, and its peers, of which the first is member 2. */
function setUp(
  own: readonly (readonly [revision: number, hash: number])[],
  peers: readonly Peer[],
  {
    isLeader = true,
    later = own[0],
    periods = { compactHashCheckMs: EVERY_MS, corruptCheckMs: undefined },
  }: Variant = {},
) {
  const clock = new ManualClock();
  const leadership = new Leadership();
  leadership.update(isLeader ? SELF : 2n, isLeader, 0);
  const proposed: Command[] = [];
  const asked: [bigint, number][] = [];
  const hashes = own.map(([revision, value]) => ({ revision, hash: value, compactRevision: revision }));
  let now = hashes[0];
  const members = [SELF, ...peers.map((_, position) => BigInt(position + 2))].map((id) => ({
    id,
    peerUrls: [String(id)],
  }));
  const check = new CorruptionCheck({
    selfId: SELF,
    clock,
    leadership,
    logger,
    replica: { machine: { membership: { members }, mvcc: { cachedHashes: () => hashes } } } as never,
    hashing: { hashKv: async () => now } as unknown as Hashing,
    catchUp: async () => {
      const [revision = 0, value = 0, compactRevision = revision] = later ?? [];
      now = { revision, hash: value, compactRevision };
    },
    calls: {
      hashKv: async ([url = ""]: readonly string[], revision: number) => {
        asked.push([BigInt(url), revision]);
        const answer = peers[Number(url) - 2]?.(revision);
        if (answer === undefined || answer instanceof Error) throw answer ?? new Error("nobody");
        return answer;
      },
    } as unknown as PeerCalls,
    propose: async (command) => {
      proposed.push(command);
    },
    ...periods,
  });
  const pass = async (): Promise<void> => {
    clock.advance(EVERY_MS);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { check, clock, proposed, asked, pass };
}

const down: Peer = () => new PeerCallError("connection refused");
const behindRevision30: Peer = (revision) => (revision === 30 ? new DomainError("future-revision") : hash(revision, 6));
const compactedFurther: Peer = () => new DomainError("compacted");

const same: Peer = (revision) => ({ ...hash(revision, 5), revision });
const otherData: Peer = (revision) => ({ ...hash(revision, 6), revision });
const ahead: Peer = (revision) => ({ ...hash(revision, 5), revision: revision + 1 });
const otherRange: Peer = (revision) => ({ ...hash(revision, 6, revision - 1), revision });
const compactedUnseen: Peer = (revision) => ({ ...hash(revision, 5, revision + 1), revision });

const corrupt = (memberID: bigint): Command => ({
  alarm: { action: AlarmAction.ACTIVATE, memberID, alarm: AlarmType.CORRUPT },
});

describe("before it serves, a member", () => {
  test.each<[string, readonly Peer[]]>([
    ["whose peers have the same", [(r) => hash(r, 5), (r) => hash(r, 5)]],
    ["whose peers say nothing", [down, compactedFurther]],
    ["whose peer has hashed another range", [(r) => hash(r, 6, 3)]],
    ["whose peer has hashed up to another revision", [(r) => ({ ...hash(r, 6), hashRevision: r - 1 })]],
    ["that is alone", []],
  ])("%s goes on", async (_, peers) => {
    await setUp([[20, 5]], peers).check.beforeServing();
  });

  test("whose peer has other data refuses, and names it", async () => {
    const refused = setUp([[20, 5]], [(r) => hash(r, 5), (r) => hash(r, 6)]).check.beforeServing();
    await expect(refused).rejects.toThrow(CorruptionError);
    await expect(refused).rejects.toThrow("that of 3 is another");
  });
});

describe("the check of finished compactions", () => {
  test("raises the alarm against the member whose hash is another", async () => {
    const { proposed, pass } = setUp([[20, 5]], [(r) => hash(r, 5), (r) => hash(r, 6)]);
    await pass();
    expect(proposed).toEqual([corrupt(3n)]);
  });

  test.each<[string, readonly number[], readonly bigint[]]>([
    ["the leader, whom all others contradict", [6, 6], [SELF]],
    ["the cluster, where all differ", [6, 7], [0n]],
    ["both of a minority", [5, 5, 6, 7], [4n, 5n]],
  ])("raises the alarm against %s", async (_, values, wanted) => {
    const { proposed, pass } = setUp(
      [[20, 5]],
      values.map((value) => (r) => hash(r, value)),
    );
    await pass();
    expect(proposed).toEqual(wanted.map(corrupt));
  });

  test("is the leader's: a follower asks nobody", async () => {
    const { asked, pass } = setUp([[20, 5]], [(r) => hash(r, 6)], { isLeader: false });
    await pass();
    expect(asked).toEqual([]);
  });

  test("does not ask again about a compaction on which all agreed", async () => {
    const { asked, proposed, pass } = setUp([[20, 5]], [(r) => hash(r, 5), (r) => hash(r, 5)]);
    await pass();
    await pass();
    expect(asked).toEqual([
      [2n, 20],
      [3n, 20],
    ]);
    expect(proposed).toEqual([]);
  });

  test("asks about an older compaction when not everybody has finished the newest", async () => {
    const { asked, proposed, pass } = setUp(
      [
        [30, 9],
        [20, 5],
      ],
      [behindRevision30],
    );
    await pass();
    expect(asked.map(([, revision]) => revision)).toEqual([30, 20]);
    expect(proposed).toEqual([corrupt(0n)]);
  });

  test("ends with the member", async () => {
    const { check, asked, pass } = setUp([[20, 5]], [(r) => hash(r, 5)]);
    check.stop();
    await pass();
    expect(asked).toEqual([]);
  });
});

describe("the comparison of the whole data", () => {
  const periods = { compactHashCheckMs: undefined, corruptCheckMs: EVERY_MS };

  test.each<[string, Peer]>([
    ["that agrees", same],
    ["that is down", down],
    ["that has compacted further and says so", compactedFurther],
    ["that has hashed another range", otherRange],
  ])("leaves a peer alone %s", async (_, peer) => {
    const { proposed, asked, pass } = setUp([[20, 5]], [peer], { periods });
    await pass();
    expect(asked).toEqual([[2n, 20]]);
    expect(proposed).toEqual([]);
  });

  test.each<[string, Peer]>([
    ["has other data", otherData],
    ["is ahead of a leader that knows the whole log", ahead],
    ["has compacted what the leader has not", compactedUnseen],
  ])("raises one alarm against a peer that %s", async (_, peer) => {
    const { proposed, pass } = setUp([[20, 5]], [same, peer, peer], { periods });
    await pass();
    expect(proposed).toEqual([corrupt(3n)]);
  });

  test("takes a peer that is ahead of what the leader had before it caught up for what it is", async () => {
    const { proposed, pass } = setUp([[20, 5]], [ahead], { periods, later: [21, 7, 20] });
    await pass();
    expect(proposed).toEqual([]);
  });

  test("raises the alarm against the leader itself when its own data changes by itself", async () => {
    const { proposed, pass } = setUp([[20, 5]], [same], { periods, later: [20, 6] });
    await pass();
    expect(proposed).toEqual([corrupt(SELF)]);
  });

  test("is the leader's: a follower asks nobody", async () => {
    const { asked, pass } = setUp([[20, 5]], [down], { periods, isLeader: false });
    await pass();
    expect(asked).toEqual([]);
  });
});
