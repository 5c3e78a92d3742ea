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

/** What grpc-js says when a call never left this process. */
const NEVER_SENT = /^(No connection established|Name resolution failed|Failed to connect)/;

/** Whether another endpoint may be asked: a change only if it cannot have happened. */
export function mayRetry(path: string, error: RpcError): boolean {
  if (error.code !== Code.UNAVAILABLE) return false;
  return READS.has(path) || NEVER_SENT.test(error.message);
}
