import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../../../server/base/heap.ts";

test("a heap gives back what was put into it in order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (reset, pushed) => {
      const heap = new Heap<number>((a, b) => a < b);
      heap.reset(reset);
      for (const item of pushed) heap.push(item);
      const taken: number[] = [];
      for (let item = heap.pop(); item !== undefined; item = heap.pop()) taken.push(item);
      expect(taken).toEqual([...reset, ...pushed].toSorted((a, b) => a - b));
    }),
  );
});
