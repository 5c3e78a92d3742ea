import { create, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeSnapshotResponse } from "../../../server/api/snapshot-encoding.ts";
import { SnapshotResponseSchema } from "../../../server/proto/gen/rpc_pb.js";

test("a piece of a snapshot has the bytes that the generated codec gives", () => {
  const response = fc.record({
    remainingBytes: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    blob: fc.uint8Array({ maxLength: 400 }),
    version: fc.string(),
  });
  fc.assert(
    fc.property(response, (init) => {
      const message = create(SnapshotResponseSchema, init);
      expect([...encodeSnapshotResponse(message)]).toEqual([...toBinary(SnapshotResponseSchema, message)]);
    }),
  );
});
