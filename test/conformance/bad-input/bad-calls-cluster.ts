import { Cluster, Maintenance } from "../../../server/proto/gen/rpc_pb.js";
import { bad, type BadCall } from "./bad-call.ts";

const { memberAdd, memberRemove, memberUpdate, memberPromote } = Cluster.method;
const { alarm, hashKV, moveLeader, downgrade } = Maintenance.method;
const url = "http://127.0.0.1:9";
/** A value that an enum does not have. */
const UNKNOWN = 9 as never;
const [VALIDATE, ENABLE, CANCEL] = [0, 1, 2];

const MEMBERS: readonly BadCall[] = [
  bad(memberAdd, {}),
  bad(memberAdd, { peerURLs: [""] }),
  bad(memberAdd, { peerURLs: ["127.0.0.1:9"] }),
  bad(memberAdd, { peerURLs: ["http://127.0.0.1"] }),
  bad(memberAdd, { peerURLs: ["ftp://127.0.0.1:9"] }),
  bad(memberAdd, { peerURLs: ["http://127.0.0.1:9/path"] }),
  bad(memberAdd, { peerURLs: ["http://[::1"] }),
  bad(memberAdd, { peerURLs: [url, ":"] }),
  bad(memberAdd, { isLearner: true }),
  bad(memberAdd, { peerURLs: [url], isLearner: true }),
  // With others beside it: of the same URLs in the same second etcd makes the same id.
  bad(memberAdd, { peerURLs: [url, "http://127.0.0.1:13"], isLearner: true }),
  bad(memberAdd, { peerURLs: [url, "http://127.0.0.1:14"] }),
  bad(memberAdd, { peerURLs: ["http://127.0.0.1:10"], isLearner: true }),
  bad(memberRemove, {}),
  bad(memberRemove, { ID: 99n }),
  bad(memberUpdate, {}),
  bad(memberUpdate, { ID: 99n }),
  bad(memberUpdate, { ID: 99n, peerURLs: ["nowhere"] }),
  bad(memberUpdate, { ID: 99n, peerURLs: ["http://127.0.0.1:11"] }),
  bad(memberUpdate, { ID: 99n, peerURLs: [url] }),
  bad(memberPromote, {}),
  bad(memberPromote, { ID: 99n }),
];

const MAINTENANCE: readonly BadCall[] = [
  // An action that there is not is left out: it ends real etcd's process.
  bad(alarm, { action: 1 }),
  bad(alarm, { action: 2 }),
  bad(alarm, { action: 2, alarm: 1 }),
  bad(alarm, { action: 0, alarm: UNKNOWN }),
  bad(alarm, { action: 2, alarm: UNKNOWN, memberID: 7n }),
  bad(hashKV, { revision: 1_000_000n }),
  // A negative revision is left out: etcd hashes nothing up to it, here it means now.
  bad(hashKV, { revision: 1n }),
  bad(moveLeader, {}),
  bad(moveLeader, { targetID: 99n }),
  bad(downgrade, {}),
  bad(downgrade, { action: UNKNOWN }),
  bad(downgrade, { action: UNKNOWN, version: "3.5" }),
  ...["", "x", "3", "3.", "3.6", "3.7", "3.4", "4.0", "3.5.0", "-3.5", "3.5.0.0", " 3.5"].flatMap((version) => [
    bad(downgrade, { action: VALIDATE, version }),
    ...(version === "3.5.0" ? [] : [bad(downgrade, { action: ENABLE, version })]),
  ]),
  bad(downgrade, { action: CANCEL }),
  bad(downgrade, { action: CANCEL, version: "x" }),
];

/** The Cluster and the Maintenance service. */
export const BAD_CLUSTER_CALLS: readonly BadCall[] = [...MEMBERS, ...MAINTENANCE];
