import { Code, type RpcError } from "../rpc/status.ts";

/** Methods that change nothing: trying them again is always safe. Txn is among the others, whatever is in it. */
const READS = new Set([
  "/etcdserverpb.KV/Range",
  "/etcdserverpb.Lease/LeaseTimeToLive",
  "/etcdserverpb.Lease/LeaseLeases",
  "/etcdserverpb.Cluster/MemberList",
  "/etcdserverpb.Maintenance/Status",
  "/etcdserverpb.Maintenance/Hash",
  "/etcdserverpb.Maintenance/HashKV",
]);

/** What grpc-js, and we for it, say when a call never left this process. */
const NEVER_SENT = /^(No connection established|Name resolution failed|Failed to connect)/;
/** A learner refuses what needs a voter before it does anything. */
const REFUSED_BY_LEARNER = "rpc not supported for learner";

/** Methods that change nothing: a member that stays silent may be left for another one before the deadline. */
export function isRead(path: string): boolean {
  return READS.has(path);
}

/** Whether another endpoint may be asked: a change only if it cannot have happened. */
export function mayRetry(path: string, error: RpcError, isEachAsked: boolean): boolean {
  if (error.message.endsWith(REFUSED_BY_LEARNER)) return !isEachAsked;
  if (error.code === Code.DEADLINE_EXCEEDED) return READS.has(path);
  if (error.code !== Code.UNAVAILABLE) return false;
  return READS.has(path) || NEVER_SENT.test(error.message);
}
