import { DomainError } from "../base/domain-error.ts";
import type { Guard } from "./applier.ts";

/** Where permissions will be checked against the user of the entry's header. There is no auth yet: its requests are refused. */
export function authGuard(): Guard {
  return (next) => (operation, context) => {
    if (operation.kind === "auth") throw new DomainError("not-capable");
    return next(operation, context);
  };
}
