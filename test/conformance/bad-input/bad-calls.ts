import type { BadCall } from "./bad-call.ts";
import { BAD_AUTH_CALLS } from "./bad-calls-auth.ts";
import { BAD_CLUSTER_CALLS } from "./bad-calls-cluster.ts";
import { BAD_KV_CALLS } from "./bad-calls-kv.ts";
import { BAD_LEASE_CALLS } from "./bad-calls-lease.ts";
import { BAD_LOCK_CALLS } from "./bad-calls-lock.ts";
import { BAD_MESSAGE_CALLS } from "./bad-calls-message.ts";
import { BAD_WATCH_CALLS } from "./bad-calls-watch.ts";

/** Calls in their order, on a server that is new: each may see what those before it have changed. */
export const BAD_CALLS: readonly BadCall[] = [
  ...BAD_KV_CALLS,
  ...BAD_LEASE_CALLS,
  ...BAD_WATCH_CALLS,
  ...BAD_LOCK_CALLS,
  ...BAD_CLUSTER_CALLS,
  ...BAD_MESSAGE_CALLS,
  ...BAD_AUTH_CALLS,
];
