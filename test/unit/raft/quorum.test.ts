import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NodeId } from "../../../server/base/ids.ts";
import { jointCommittedIndex, jointVoteResult, jointVoters } from "../../../server/raft/quorum-joint.ts";
import type { JointConfig } from "../../../server/raft/quorum-joint.ts";
import { majorityCommittedIndex, majorityVoteResult } from "../../../server/raft/quorum-majority.ts";
import type { VoteResult } from "../../../server/raft/quorum-majority.ts";

const ids: readonly NodeId[] = [1n, 2n, 3n, 4n, 5n, 6n, 7n];
const voters = fc.subarray([...ids]).map((members) => new Set(members));
const acks = fc.dictionary(fc.constantFrom(...ids.map(String)), fc.nat(20)).map(byId);
const votes = fc.dictionary(fc.constantFrom(...ids.map(String)), fc.boolean()).map(byId);

function byId<T>(record: Record<string, T>): ReadonlyMap<NodeId, T> {
  return new Map(Object.entries(record).map(([id, value]) => [BigInt(id), value]));
}

/** Whether these members are a majority of both halves. */
function isQuorum({ incoming, outgoing }: JointConfig, members: ReadonlySet<NodeId>): boolean {
  return [incoming, outgoing].every(
    (half) => half.size === 0 || [...half].filter((id) => members.has(id)).length * 2 > half.size,
  );
}

/** The naive way: try every index from the top. */
function naiveCommitted(config: JointConfig, acked: ReadonlyMap<NodeId, number>): number {
  if (jointVoters(config).size === 0) return Infinity;
  for (let index = 20; index > 0; index--) {
    if (isQuorum(config, new Set(ids.filter((id) => (acked.get(id) ?? 0) >= index)))) return index;
  }
  return 0;
}

/** The naive way: try every way in which the missing votes could turn out. */
function naiveVote(config: JointConfig, given: ReadonlyMap<NodeId, boolean>): VoteResult {
  const missing = [...jointVoters(config)].filter((id) => !given.has(id));
  const outcomes = Array.from({ length: 2 ** missing.length }, (_, bits) => {
    const granted = [...given].filter(([, isGranted]) => isGranted).map(([id]) => id);
    return isQuorum(config, new Set([...granted, ...missing.filter((_id, i) => (bits >> i) & 1)]));
  });
  if (outcomes.every(Boolean)) return "won";
  return outcomes.some(Boolean) ? "pending" : "lost";
}

describe("a majority", () => {
  test("commits what the naive count commits", () => {
    fc.assert(
      fc.property(voters, acks, (incoming, acked) => {
        const index = majorityCommittedIndex(incoming, (id) => acked.get(id));
        expect(index).toBe(naiveCommitted({ incoming, outgoing: new Set() }, acked));
      }),
    );
  });

  test("decides a vote as soon as the missing answers cannot change it", () => {
    fc.assert(
      fc.property(voters, votes, (incoming, given) => {
        expect(majorityVoteResult(incoming, given)).toBe(naiveVote({ incoming, outgoing: new Set() }, given));
      }),
    );
  });
});

describe("a joint quorum", () => {
  test("commits what both naive counts commit", () => {
    fc.assert(
      fc.property(voters, voters, acks, (incoming, outgoing, acked) => {
        const config = { incoming, outgoing };
        expect(jointCommittedIndex(config, (id) => acked.get(id))).toBe(naiveCommitted(config, acked));
      }),
    );
  });

  test("decides a vote as soon as the missing answers cannot change it", () => {
    fc.assert(
      fc.property(voters, voters, votes, (incoming, outgoing, given) => {
        const config = { incoming, outgoing };
        expect(jointVoteResult(config, given)).toBe(naiveVote(config, given));
      }),
    );
  });
});
