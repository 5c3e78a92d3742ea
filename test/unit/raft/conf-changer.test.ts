import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NodeId } from "../../../server/base/ids.ts";
import { ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { ConfChangeSingle } from "../../../server/proto/raft-message.ts";
import { changeSimply, enterJoint, leaveJoint } from "../../../server/raft/conf-changer.ts";
import type { ChangeResult, Members } from "../../../server/raft/conf-changer.ts";
import { restoreMembers } from "../../../server/raft/conf-restore.ts";
import { confStateOf, emptyConfiguration, isJoint } from "../../../server/raft/configuration.ts";
import type { Configuration } from "../../../server/raft/configuration.ts";

const ids: readonly NodeId[] = [1n, 2n, 3n, 4n, 5n];
const options = { lastIndex: 10, maxInflightMessages: 4, maxInflightBytes: Infinity };

const single: fc.Arbitrary<ConfChangeSingle> = fc.record({
  type: fc.constantFrom(...Object.values(ConfChangeType)),
  nodeId: fc.constantFrom(...ids),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant("simple" as const), changes: fc.array(single, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant("enter" as const), changes: fc.array(single, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("leave" as const), changes: fc.constant([]) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const empty: Members = { configuration: emptyConfiguration, progress: new Map() };
const bootstrapped = ["1", "2", "3"].reduce((members, id) => {
  const result = changeSimply(members, [{ type: ConfChangeType.AddNode, nodeId: BigInt(id) }], options);
  return "members" in result ? result.members : members;
}, empty);

function take(members: Members, { kind, changes }: Step): ChangeResult {
  if (kind === "simple") return changeSimply(members, changes, options);
  return kind === "enter"
    ? enterJoint(members, changes, { ...options, autoLeave: true })
    : leaveJoint(members, options);
}

function subsets(): ReadonlySet<NodeId>[] {
  return Array.from({ length: 2 ** ids.length }, (_, bits) => new Set(ids.filter((_id, i) => (bits >> i) & 1)));
}

/** Smallest groups that can decide are enough: larger ones intersect all the more. */
function quorums({ incoming, outgoing }: Configuration): ReadonlySet<NodeId>[] {
  return subsets().filter((group) =>
    [incoming, outgoing].every(
      (half) => half.size === 0 || [...half].filter((id) => group.has(id)).length * 2 > half.size,
    ),
  );
}

function snapshotOf({ configuration, progress }: Members): string {
  const followers = [...progress].map(([id, { isLearner, match, next }]) => `${id}:${isLearner}:${match}:${next}`);
  return JSON.stringify([confStateOf(configuration), followers], (_, v: unknown) =>
    typeof v === "bigint" ? `${v}` : v,
  );
}

describe("a configuration change", () => {
  test("never lets two groups that can decide be without a common member, from one configuration to the next", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        let members = bootstrapped;
        for (const each of steps) {
          const result = take(members, each);
          if ("refused" in result) continue;
          const after = quorums(result.members.configuration);
          for (const before of quorums(members.configuration)) {
            for (const group of after) expect([...group].some((id) => before.has(id))).toBe(true);
          }
          members = result.members;
        }
      }),
      { numRuns: 60 },
    );
  });

  test("keeps voters and learners apart, tracks everyone and nobody else", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let members = bootstrapped;
        for (const each of steps) {
          const result = take(members, each);
          if ("refused" in result) continue;
          members = result.members;
          const { incoming, outgoing, learners, learnersNext, autoLeave } = members.configuration;
          expect(incoming.size).toBeGreaterThan(0);
          expect(new Set(members.progress.keys())).toEqual(new Set([...incoming, ...outgoing, ...learners]));
          expect([...learners].filter((id) => incoming.has(id) || outgoing.has(id))).toEqual([]);
          expect([...learnersNext].filter((id) => !outgoing.has(id) || incoming.has(id))).toEqual([]);
          expect(autoLeave && !isJoint(members.configuration)).toBe(false);
          for (const [id, { isLearner }] of members.progress) expect(isLearner).toBe(learners.has(id));
        }
      }),
    );
  });

  test("leaves what it started from untouched, refused or not", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        let members = bootstrapped;
        for (const each of steps) {
          const before = snapshotOf(members);
          const result = take(members, each);
          expect(snapshotOf(members)).toBe(before);
          if ("members" in result) members = result.members;
        }
      }),
    );
  });

  test("can be restored from what a snapshot keeps of it", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
        let members = bootstrapped;
        for (const each of steps) {
          const result = take(members, each);
          if ("members" in result) members = result.members;
          const state = confStateOf(members.configuration);
          expect(confStateOf(restoreMembers(state, options).configuration)).toEqual(state);
        }
      }),
    );
  });
});
