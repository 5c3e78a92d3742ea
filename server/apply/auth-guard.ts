import type { Caller } from "../auth/caller.ts";
import type { Guard } from "./applier.ts";
import type { AuthCommand } from "./auth-command.ts";
import {
  checkDeletePermitted,
  checkLeaseWritable,
  checkPutPermitted,
  checkTxnPermitted,
  type PermissionSources,
} from "./key-permissions.ts";
import type { Operation } from "./operation.ts";

/**
 * Judges each entry by the permissions as they are when it is applied, for the user that its header names and the revision at
 * which that user was recognized: whatever was changed in between counts (etcd apply/apply_auth.go).
 */
export function authGuard(sources: PermissionSources): Guard {
  return (next) => (operation, context) => {
    if (sources.auth.isEnabled) {
      check(sources, operation, { username: context.username, revision: Number(context.authRevision) });
    }
    return next(operation, context);
  };
}

function check(sources: PermissionSources, operation: Operation, caller: Caller): void {
  const { rights } = sources.auth;
  switch (operation.kind) {
    case "put":
      return checkPutPermitted(sources, caller, operation.request);
    case "range":
      return rights.checkRead(caller, operation.request);
    case "delete-range":
      return checkDeletePermitted(sources, caller, operation.request);
    case "txn":
      return checkTxnPermitted(sources, caller, operation.request);
    case "lease-revoke":
      return checkLeaseWritable(sources, caller, operation.request.ID);
    case "auth":
      return checkCommand(sources, operation.command, caller);
    // The services have checked these before they proposed them, and members propose them themselves.
    case "compaction":
    case "lease-grant":
    case "lease-checkpoint":
    case "alarm":
    case "cluster-version":
    case "member-attributes":
    case "downgrade-info":
    case "none":
      return;
  }
}

/** Root may ask anything; everybody may log in, and see themselves and their own roles. */
function checkCommand({ auth: { rights } }: PermissionSources, { name, request }: AuthCommand, caller: Caller): void {
  const isFree =
    name === "authenticate" ||
    (name === "authUserGet" && request.name === caller.username) ||
    (name === "authRoleGet" && rights.hasRole(caller.username, request.role));
  if (!isFree) rights.checkAdmin(caller);
}
