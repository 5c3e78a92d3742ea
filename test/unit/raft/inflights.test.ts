import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Inflights } from "../../../server/raft/inflights.ts";

test("the window of messages in flight behaves like a plain list", () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), bytes: fc.nat(20) }),
    fc.record({ kind: fc.constant("free" as const), back: fc.nat(12) }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(200),
      fc.array(command, { maxLength: 100 }),
      (max, maxBytes, commands) => {
        const inflights = new Inflights(max, maxBytes);
        let model: { index: number; bytes: number }[] = [];
        let last = 0;
        for (const each of commands) {
          if (each.kind === "free") {
            inflights.freeUpTo(last - each.back);
            model = model.filter(({ index }) => index > last - each.back);
          } else if (!inflights.isFull) {
            inflights.add(++last, each.bytes);
            model.push({ index: last, bytes: each.bytes });
          }
          const bytes = model.reduce((sum, message) => sum + message.bytes, 0);
          expect(inflights.count).toBe(model.length);
          expect(inflights.isFull).toBe(model.length >= max || bytes >= maxBytes);
        }
      },
    ),
  );
});
