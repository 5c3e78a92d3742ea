import { DomainError } from "../base/domain-error.ts";
import { AlarmType } from "../proto/gen/rpc_pb.js";
import type { Alarms } from "./alarms.ts";
import type { Guard } from "./applier.ts";
import type { Operation } from "./operation.ts";

const REFUSED: ReadonlySet<Operation["kind"]> = new Set([
  "range",
  "put",
  "delete-range",
  "txn",
  "compaction",
  "lease-grant",
  "lease-revoke",
] as const);

/** While any member's data is known to be corrupt, nothing touches keys or leases. */
export function corruptGuard(alarms: Alarms): Guard {
  return (next) => (operation, context) => {
    if (REFUSED.has(operation.kind) && alarms.has(AlarmType.CORRUPT)) throw new DomainError("corrupt");
    return next(operation, context);
  };
}
