import { DomainError } from "../base/domain-error.ts";
import { AlarmType } from "../proto/gen/rpc_pb.js";
import type { Alarms } from "./alarms.ts";
import type { Guard } from "./applier.ts";
import { quotaCost } from "./quota.ts";

/** While any member is out of space, nothing that adds data is applied; deleting and compacting go on. */
export function noSpaceGuard(alarms: Alarms): Guard {
  return (next) => (operation, context) => {
    if (alarms.has(AlarmType.NOSPACE) && quotaCost(operation) > 0) throw new DomainError("no-space");
    return next(operation, context);
  };
}
