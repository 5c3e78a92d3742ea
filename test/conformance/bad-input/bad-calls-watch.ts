import type { MessageInitShape } from "@bufbuild/protobuf";
import { Watch, type WatchCreateRequestSchema } from "../../../server/proto/gen/rpc_pb.js";
import { bytes } from "../../support/etcd-client.ts";
import { bad, type BadCall } from "./bad-call.ts";

const { watch } = Watch.method;
type Request = MessageInitShape<typeof watch.input>;

const [a, b, zero] = [bytes("a"), bytes("b"), Uint8Array.of(0)];
const create = (value: MessageInitShape<typeof WatchCreateRequestSchema>): Request => ({
  requestUnion: { case: "createRequest", value },
});
const cancel = (watchId: bigint): Request => ({ requestUnion: { case: "cancelRequest", value: { watchId } } });
const progress: Request = { requestUnion: { case: "progressRequest", value: {} } };
/** A value that an enum does not have. */
const UNKNOWN = 9 as never;
const one = { responses: 1 } as const;

/** The Watch service: what is refused is told on the stream, which goes on. */
export const BAD_WATCH_CALLS: readonly BadCall[] = [
  bad(watch, [create({})], one),
  bad(watch, [create({ key: b, rangeEnd: a })], one),
  bad(watch, [create({ key: a, rangeEnd: a })], one),
  bad(watch, [create({ rangeEnd: zero })], one),
  bad(watch, [create({ key: a, startRevision: -1n })], one),
  bad(watch, [create({ key: a, startRevision: 1n })], { responses: 2 }),
  bad(watch, [create({ key: a, startRevision: 1_000_000n })], one),
  bad(watch, [create({ key: a, watchId: 5n }), create({ key: b, watchId: 5n })], { responses: 2 }),
  bad(watch, [create({ key: a, watchId: -5n })], one),
  bad(watch, [create({ key: a, filters: [UNKNOWN] })], one),
  bad(watch, [create({ key: a, filters: [0, 1, 0, 1] })], one),
  bad(watch, [cancel(99n), create({ key: a })], one),
  bad(watch, [cancel(-1n), create({ key: a })], one),
  bad(watch, [create({ key: a }), cancel(0n), cancel(0n), create({ key: b })], { responses: 3 }),
  bad(watch, [{}, create({ key: a })], one),
  bad(watch, [progress, create({ key: a })], one),
];
