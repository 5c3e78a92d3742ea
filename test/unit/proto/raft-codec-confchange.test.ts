import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
} from "../../../server/proto/raft-codec-confchange.ts";
import { ConfChangeTransition, ConfChangeType } from "../../../server/proto/raft-message.ts";

const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const type = fc.constantFrom(...Object.values(ConfChangeType));
const context = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined });

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

describe("the bytes of a membership change", () => {
  test("give back what was written", () => {
    fc.assert(
      fc.property(fc.record({ id, type, nodeId: id, context }), (change) => {
        expect(decodeConfChange(encodeConfChange(change))).toEqual(change);
      }),
    );
    const transition = fc.constantFrom(...Object.values(ConfChangeTransition));
    fc.assert(
      fc.property(fc.record({ transition, changes: fc.array(fc.record({ type, nodeId: id })), context }), (change) => {
        expect(decodeConfChangeV2(encodeConfChangeV2(change))).toEqual(change);
      }),
    );
  });

  test("are those of etcd", () => {
    const v1 = { id: 300n, type: ConfChangeType.AddLearnerNode, nodeId: 2n ** 64n - 1n, context: Buffer.from("x") };
    expect(hex(encodeConfChange(v1))).toBe("08ac02100318ffffffffffffffffff01220178");
    const changes = [
      { type: ConfChangeType.AddNode, nodeId: 1n },
      { type: ConfChangeType.RemoveNode, nodeId: 200n },
    ];
    const v2 = { transition: ConfChangeTransition.JointExplicit, changes, context: new Uint8Array() };
    expect(hex(encodeConfChangeV2(v2))).toBe("08021204080010011205080110c8011a00");
  });

  test("may be absent: that is the change that leaves a joint configuration", () => {
    expect(decodeConfChangeV2(undefined)).toEqual({ transition: 0, changes: [], context: undefined });
  });
});
