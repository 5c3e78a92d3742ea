import * as fc from "fast-check";
import { expect, test } from "vitest";
import { IntervalTree } from "../../../server/mvcc/interval-tree.ts";

const name = fc.string({ minLength: 0, maxLength: 2, unit: fc.constantFrom("a", "b", "c", "d") });
const interval = fc.tuple(name, fc.option(name, { nil: undefined }));

test("stabbing finds exactly the intervals that hold the key, whatever was added and removed", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), interval), { maxLength: 150 }), name, (steps, key) => {
      const tree = new IntervalTree<string>();
      const model = new Map<string, [string, string | undefined]>();
      for (const [isAdd, [from, to]] of steps) {
        const id = JSON.stringify([from, to]);
        expect(tree.get(from, to)).toBe(model.has(id) ? id : undefined);
        if (isAdd && !model.has(id)) {
          tree.add(from, to, id);
          model.set(id, [from, to]);
        } else if (!isAdd && model.delete(id)) tree.remove(from, to);
      }
      expect(tree.size).toBe(model.size);
      const found: string[] = [];
      tree.stab(key, (id) => found.push(id));
      const expected = [...model].filter(([, [from, to]]) => from <= key && (to === undefined || key < to));
      expect(found.toSorted()).toEqual(expected.map(([id]) => id).toSorted());
    }),
    { numRuns: 300 },
  );
});
