import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { RangeRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { hasRevisionBounds, isWithinRevisionBounds } from "../../../server/proto/revision-bounds.ts";

test.each([
  [{}, true],
  [{ minModRevision: 7n }, true],
  [{ minModRevision: 8n }, false],
  [{ maxModRevision: 7n }, true],
  [{ maxModRevision: 6n }, false],
  [{ minCreateRevision: 3n }, true],
  [{ minCreateRevision: 4n }, false],
  [{ maxCreateRevision: 3n }, true],
  [{ maxCreateRevision: 2n }, false],
  [{ minModRevision: 7n, maxModRevision: 7n, minCreateRevision: 3n, maxCreateRevision: 3n }, true],
  [{ minModRevision: 1n, maxModRevision: 9n, minCreateRevision: 1n, maxCreateRevision: 2n }, false],
])("a key of revision 7 that was created at 3, read with %o: %s", (fields, isShown) => {
  const request = create(RangeRequestSchema, fields);
  expect(isWithinRevisionBounds(request, { modRevision: 7n, createRevision: 3n })).toBe(isShown);
  expect(isWithinRevisionBounds(request, { modRevision: 7, createRevision: 3 })).toBe(isShown);
  expect(hasRevisionBounds(request)).toBe(Object.keys(fields).length > 0);
});
