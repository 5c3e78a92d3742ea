import * as fc from "fast-check";
import { type Entry, EntryType, type Message, MessageType } from "../../server/proto/raft-message.ts";

/** Any value of raftpb that our types allow, for round trips. */
export const anyId = fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
export const anyCounter = fc.oneof(fc.nat(300), fc.maxSafeNat());
export const anyBytes = fc.uint8Array({ maxLength: 300 });
const optionalBytes = fc.option(anyBytes, { nil: undefined });
const someIds = fc.array(anyId, { maxLength: 4 });

export const anyEntry: fc.Arbitrary<Entry> = fc.record({
  type: fc.constantFrom(...Object.values(EntryType)),
  term: anyCounter,
  index: anyCounter,
  data: optionalBytes,
});

export const anyConfState = fc.record({
  voters: someIds,
  learners: someIds,
  votersOutgoing: someIds,
  learnersNext: someIds,
  autoLeave: fc.boolean(),
});

export const anyHardState = fc.record({
  term: anyCounter,
  vote: anyId,
  commit: anyCounter,
});

export const anySnapshot = fc.record({
  data: optionalBytes,
  metadata: fc.record({
    confState: anyConfState,
    index: anyCounter,
    term: anyCounter,
  }),
});

const scalars = {
  type: fc.constantFrom(...Object.values(MessageType)),
  to: anyId,
  from: anyId,
  term: anyCounter,
  logTerm: anyCounter,
  index: anyCounter,
  entries: fc.array(anyEntry, { maxLength: 5 }),
  commit: anyCounter,
  snapshot: fc.option(anySnapshot, { nil: undefined }),
  reject: fc.boolean(),
  rejectHint: anyCounter,
  context: optionalBytes,
  vote: anyId,
};

export const anyMessage: fc.Arbitrary<Message> = fc.record({
  ...scalars,
  responses: fc.array(fc.record({ ...scalars, responses: fc.constant([]) }), {
    maxLength: 2,
  }),
});
