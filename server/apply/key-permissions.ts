import type { AuthStore } from "../auth/auth-store.ts";
import type { Caller } from "../auth/caller.ts";
import type { LeaseId } from "../base/ids.ts";
import type { Lessor } from "../lease/lessor.ts";
import type { DeleteRangeRequest, PutRequest, RequestOp, TxnRequest } from "../proto/gen/rpc_pb.js";

/** What permissions are looked up in. */
export interface PermissionSources {
  readonly auth: AuthStore;
  readonly lessor: Lessor;
}

const SINGLE_KEY = new Uint8Array();

/**
 * A put needs to write its key, and to read it where it wants the former value. Attached to a lease, it needs to write all
 * of the lease's keys: else its user could attach keys to a lease that it may not revoke (etcd apply/apply_auth.go).
 */
export function checkPutPermitted(sources: PermissionSources, caller: Caller, request: PutRequest): void {
  const { rights } = sources.auth;
  const keys = { key: request.key, rangeEnd: SINGLE_KEY };
  rights.checkWrite(caller, keys);
  checkLeaseWritable(sources, caller, request.lease);
  if (request.prevKv) rights.checkRead(caller, keys);
}

/** Deleting is writing; wanting the former values is reading as well. */
export function checkDeletePermitted({ auth }: PermissionSources, caller: Caller, request: DeleteRangeRequest): void {
  auth.rights.checkWrite(caller, request);
  if (request.prevKv) auth.rights.checkRead(caller, request);
}

/** All compares and all operations of both branches, whichever runs. */
export function checkTxnPermitted(sources: PermissionSources, caller: Caller, request: TxnRequest): void {
  for (const compare of request.compare) sources.auth.rights.checkRead(caller, compare);
  for (const operation of request.success) checkOperation(sources, caller, operation);
  for (const operation of request.failure) checkOperation(sources, caller, operation);
}

/** Writing to a lease, which is revoking or renewing it, needs to write every key of it. Whether it exists is not told. */
export function checkLeaseWritable({ auth, lessor }: PermissionSources, caller: Caller, lease: LeaseId): void {
  if (auth.rights.isAdmin(caller)) return;
  for (const key of lessor.keysOf(lease)) auth.rights.checkWrite(caller, { key, rangeEnd: SINGLE_KEY });
}

/** Learning a lease's keys needs to read every one of them. */
export function checkLeaseReadable({ auth, lessor }: PermissionSources, caller: Caller, lease: LeaseId): void {
  if (auth.rights.isAdmin(caller)) return;
  for (const key of lessor.keysOf(lease)) auth.rights.checkRead(caller, { key, rangeEnd: SINGLE_KEY });
}

function checkOperation(sources: PermissionSources, caller: Caller, { request }: RequestOp): void {
  switch (request.case) {
    case "requestRange":
      return sources.auth.rights.checkRead(caller, request.value);
    case "requestPut":
      return checkPutPermitted(sources, caller, request.value);
    case "requestDeleteRange":
      return checkDeletePermitted(sources, caller, request.value);
    case "requestTxn":
      return checkTxnPermitted(sources, caller, request.value);
    case undefined:
      return;
  }
}
