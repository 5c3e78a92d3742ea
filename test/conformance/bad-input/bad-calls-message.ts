import { raw, type BadCall } from "./bad-call.ts";

/** Bytes that are no message of any method's, each wrong in its own way. */
const BYTES = {
  "a tag without a value": "0a",
  "a length beyond the end": "0a05ff",
  "a length of two gigabytes": "0affffffff07",
  "a length that is negative": "0affffffffffffffffff01",
  "a number that does not end": "08ffffffffffffffffffffff",
  "the field 0": "0200",
  "a wire type that there is not": "0f00",
  "a group that does not end": "0b",
  "an end without a group": "0c",
} as const;
const own = { hasOwnWords: true } as const;
const everywhere = Object.values(BYTES).map((hex) => raw("/etcdserverpb.KV/Range", hex, own));

/** What is wrong before a method is called. */
export const BAD_MESSAGE_CALLS: readonly BadCall[] = [
  ...everywhere,
  raw("/etcdserverpb.KV/Put", "0a05ff", own),
  raw("/etcdserverpb.KV/Put", "18ffffffffffffffffff7f", own),
  // A known field with another wire type is left out where ours reads it (an enum as bytes): see the codec's runtime.
  raw("/etcdserverpb.KV/Txn", "12020a05", own),
  raw("/etcdserverpb.Lease/LeaseGrant", "08", own),
  raw("/etcdserverpb.Lease/LeaseKeepAlive", "08", own),
  raw("/etcdserverpb.Watch/Watch", "0a", own),
  raw("/etcdserverpb.Cluster/MemberAdd", "0a05ff", own),
  raw("/etcdserverpb.Maintenance/Alarm", "08", own),
  raw("/etcdserverpb.Auth/Authenticate", "0a05ff", own),
  raw("/v3lockpb.Lock/Lock", "0a05ff", own),
  raw("/v3electionpb.Election/Campaign", "0a05ff", own),
  // Known fields with another wire type, and unknown fields.
  raw("/etcdserverpb.KV/Range", "0801", own),
  raw("/etcdserverpb.KV/Range", "1a0161", own),
  raw("/etcdserverpb.KV/Range", "f80701"),
  raw("/etcdserverpb.KV/Range", "0a016100", own),
  raw("/etcdserverpb.KV/Range", ""),
  // A string that is no UTF-8 is left out: etcd makes a user of it, here it cannot be read.
  raw("/etcdserverpb.KV/Nope", ""),
  raw("/etcdserverpb.Nope/Range", ""),
  raw("/Range", ""),
  raw("/", ""),
  raw("/etcdserverpb.KV/Range/", ""),
  raw("/etcdserverpb.KV/range", ""),
  raw("/etcdserverpb.KV/Range", "", { metadata: { "client-api-version": "3.6" } }),
  raw("/etcdserverpb.KV/Range", "", { metadata: { hasleader: "true" } }),
  raw("/etcdserverpb.KV/Range", "", { metadata: { token: "no token" } }),
];
