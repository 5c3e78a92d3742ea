import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSame, mergePatch } from "../../../../operator/kube/merge-patch.ts";

/** RFC 7386, section 2, as it is written there. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === "object" && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applied(result[name], value);
  }
  return result;
}

/** Objects without null, which no object of Kubernetes has either. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(0, 1, "a", "b", true),
    fc.array(tie("value"), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom("a", "b", "c", "d"), tie("value"), { maxKeys: 3 }),
  ),
}));
const object = fc.dictionary(fc.constantFrom("a", "b", "c", "d"), value, { maxKeys: 4 });

describe("a merge patch", () => {
  test("makes of one object the other, and there is none between equal ones", () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        const patch = mergePatch(from, to);
        expect(patch === undefined).toBe(isSame(from, to));
        expect(applied(from, patch ?? {})).toEqual(to);
      }),
      { numRuns: 1000 },
    );
  });

  test("names only what differs", () => {
    const from = { phase: "A", members: [1, 2], operation: { type: "X", attempt: 1 }, seed: { uid: "u" } };
    const to = { phase: "A", members: [1, 2, 3], operation: { type: "X", attempt: 2 }, endpoints: undefined };
    expect(mergePatch(from, to)).toEqual({ members: [1, 2, 3], operation: { attempt: 2 }, seed: null });
  });

  test("of what there is not yet is all of it", () => {
    expect(mergePatch(undefined, { phase: "A", none: undefined })).toEqual({ phase: "A" });
    expect(mergePatch(undefined, {})).toBeUndefined();
  });
});

test.each<[left: unknown, right: unknown, same: boolean]>([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
  [{ a: undefined }, {}, true],
  [[1, 2], [2, 1], false],
  [[], {}, false],
  [{ a: [{ b: 1 }] }, { a: [{ b: 1 }] }, true],
  ["1", 1, false],
])("%j and %j say the same: %j", (left, right, same) => {
  expect(isSame(left, right)).toBe(same);
});
