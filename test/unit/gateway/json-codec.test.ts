import { expect, test } from "vitest";
import { decodeRequest } from "../../../server/gateway/json-codec.ts";
import { Lease, type LeaseGrantRequest } from "../../../server/proto/gen/rpc_pb.js";
import { bindService, type Implementation } from "../../../server/rpc/service.ts";

const [grant] = bindService(Lease, new Proxy({}, { get: () => () => undefined }) as Implementation<typeof Lease>);

test.each([
  ['{"ID":1668364678317166355}', 1668364678317166355n],
  ['{"ID":-9223372036854775808}', -9223372036854775808n],
  ['{"ID":"1668364678317166355"}', 1668364678317166355n],
  ['{"ID":9007199254740993, "TTL":20}', 9007199254740993n],
  ['{"ID":7}', 7n],
])("%s has an id to the last digit", (text, id) => {
  if (!grant) throw new Error("the service has a method");
  expect((decodeRequest(grant, text, 1000) as LeaseGrantRequest).ID).toBe(id);
});

test("a number beyond 64 bits is refused", () => {
  if (!grant) throw new Error("the service has a method");
  expect(() => decodeRequest(grant, '{"ID":99999999999999999999}', 1000)).toThrow(/99999999999999999999/);
});
