import type { Quota } from "./quota.ts";
import type { Guard } from "./applier.ts";

/**
 * Notices that the database has outgrown its quota. The write is applied all the same, because the others apply
 * it and sizes differ between members; its answer is an error, and the fact leads to an alarm that all obey.
 */
export function quotaGuard(quota: Quota): Guard {
  return (next) => (operation, context) => {
    const hasRoom = quota.hasRoomFor(operation);
    const applied = next(operation, context);
    if (hasRoom) return applied;
    const fact = { kind: "quota-exceeded", dbSize: quota.dbSize } as const;
    return { ...applied, fault: "no-space", facts: [...applied.facts, fact] };
  };
}
