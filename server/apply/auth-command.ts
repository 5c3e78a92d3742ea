import type { InternalRaftRequest } from "../proto/gen/raft_internal_pb.js";

/** The fields of a log entry that hold requests to the auth store. */
const FIELDS = [
  "authenticate",
  "authEnable",
  "authDisable",
  "authStatus",
  "authUserAdd",
  "authUserDelete",
  "authUserGet",
  "authUserChangePassword",
  "authUserGrantRole",
  "authUserRevokeRole",
  "authUserList",
  "authRoleAdd",
  "authRoleDelete",
  "authRoleGet",
  "authRoleGrantPermission",
  "authRoleRevokePermission",
  "authRoleList",
] as const satisfies readonly (keyof InternalRaftRequest)[];
type Field = (typeof FIELDS)[number];

/** A request to the auth store, by the name of its field. */
export type AuthCommand = {
  readonly [F in Field]: { readonly name: F; readonly request: NonNullable<InternalRaftRequest[F]> };
}[Field];

/** The request to the auth store that an entry holds; undefined: none. */
export function authCommandOf(entry: InternalRaftRequest): AuthCommand | undefined {
  for (const name of FIELDS) {
    const request = entry[name];
    if (request) return { name, request } as AuthCommand;
  }
  return undefined;
}
