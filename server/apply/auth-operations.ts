import { unreachable } from "../base/assert.ts";
import type { Index, Revision } from "../base/ids.ts";
import type { AuthStore } from "../auth/auth-store.ts";
import { simpleToken } from "../auth/simple-tokens.ts";
import { ready } from "../mvcc/deferred.ts";
import { revisionHeader } from "../mvcc/response-header.ts";
import type { AuthStatusResponse, AuthenticateResponse } from "../proto/gen/rpc_pb.js";
import type { InternalAuthenticateRequest } from "../proto/gen/raft_internal_pb.js";
import type { Applied } from "./applier.ts";
import type { AuthCommand } from "./auth-command.ts";
import type { Fact, ResponseMessage } from "./outcome.ts";

/** Where the store of keys stands, and the entry of the log that is applied. */
export interface AuthPosition {
  readonly revision: Revision;
  readonly index: Index;
}

/** Does what a request to the auth store says; whether its caller may ask that has been checked. */
export function applyAuth(auth: AuthStore, command: AuthCommand, position: AuthPosition): Applied {
  const header = revisionHeader(position.revision);
  const answer = (response: ResponseMessage, facts: readonly Fact[] = []): Applied => ({
    response: ready(position.revision, response),
    events: [],
    facts,
    fault: undefined,
  });
  switch (command.name) {
    case "authenticate": {
      const { response, facts } = authenticate(auth, command.request, position);
      return answer({ ...response, header }, facts);
    }
    case "authEnable": {
      const facts: readonly Fact[] = auth.enable() ? [{ kind: "auth-enabled" }] : [];
      return answer({ $typeName: "etcdserverpb.AuthEnableResponse", header }, facts);
    }
    case "authDisable": {
      const facts: readonly Fact[] = auth.disable() ? [{ kind: "auth-disabled" }] : [];
      return answer({ $typeName: "etcdserverpb.AuthDisableResponse", header }, facts);
    }
    case "authStatus":
      return answer({ ...status(auth), header });
    case "authUserAdd":
    case "authUserDelete":
    case "authUserChangePassword":
    case "authUserGrantRole":
    case "authUserRevokeRole":
    case "authUserGet":
    case "authUserList":
      return applyToUser(auth, command, header, answer);
    case "authRoleAdd":
    case "authRoleDelete":
    case "authRoleGrantPermission":
    case "authRoleRevokePermission":
    case "authRoleGet":
    case "authRoleList":
      return applyToRole(auth, command, header, answer);
  }
}

type Header = ReturnType<typeof revisionHeader>;
type Answer = (response: ResponseMessage, facts?: readonly Fact[]) => Applied;
type UserCommand = Extract<AuthCommand, { readonly name: `authUser${string}` }>;
type RoleCommand = Extract<AuthCommand, { readonly name: `authRole${string}` }>;

function applyToUser(auth: AuthStore, command: UserCommand, header: Header, answer: Answer): Applied {
  switch (command.name) {
    case "authUserAdd":
      auth.addUser(command.request);
      return answer({ $typeName: "etcdserverpb.AuthUserAddResponse", header });
    case "authUserDelete": {
      const { name: username } = command.request;
      auth.deleteUser(username);
      return answer({ $typeName: "etcdserverpb.AuthUserDeleteResponse", header }, [{ kind: "logins-ended", username }]);
    }
    case "authUserChangePassword": {
      auth.changePassword(command.request);
      const ended = { kind: "logins-ended", username: command.request.name } as const;
      return answer({ $typeName: "etcdserverpb.AuthUserChangePasswordResponse", header }, [ended]);
    }
    case "authUserGrantRole":
      auth.grantRole(command.request.user, command.request.role);
      return answer({ $typeName: "etcdserverpb.AuthUserGrantRoleResponse", header });
    case "authUserRevokeRole":
      auth.revokeRole(command.request.name, command.request.role);
      return answer({ $typeName: "etcdserverpb.AuthUserRevokeRoleResponse", header });
    case "authUserGet": {
      const roles = [...auth.user(command.request.name).roles];
      return answer({ $typeName: "etcdserverpb.AuthUserGetResponse", header, roles });
    }
    case "authUserList":
      return answer({ $typeName: "etcdserverpb.AuthUserListResponse", header, users: auth.userNames });
    default:
      return unreachable(command);
  }
}

function applyToRole(auth: AuthStore, command: RoleCommand, header: Header, answer: Answer): Applied {
  switch (command.name) {
    case "authRoleAdd":
      auth.addRole(command.request.name);
      return answer({ $typeName: "etcdserverpb.AuthRoleAddResponse", header });
    case "authRoleDelete":
      auth.deleteRole(command.request.role);
      return answer({ $typeName: "etcdserverpb.AuthRoleDeleteResponse", header });
    case "authRoleGrantPermission":
      auth.grantPermission(command.request);
      return answer({ $typeName: "etcdserverpb.AuthRoleGrantPermissionResponse", header });
    case "authRoleRevokePermission":
      auth.revokePermission(command.request);
      return answer({ $typeName: "etcdserverpb.AuthRoleRevokePermissionResponse", header });
    case "authRoleGet": {
      const perm = [...auth.permissionsOf(command.request.role)];
      return answer({ $typeName: "etcdserverpb.AuthRoleGetResponse", header, perm });
    }
    case "authRoleList":
      return answer({ $typeName: "etcdserverpb.AuthRoleListResponse", header, roles: auth.roleNames });
    default:
      return unreachable(command);
  }
}

function status(auth: AuthStore): AuthStatusResponse {
  const authRevision = BigInt(auth.revision);
  return { $typeName: "etcdserverpb.AuthStatusResponse", enabled: auth.isEnabled, authRevision };
}

/** Every member notes a simple token. A signed one is made by the member that was asked, which proposes no prefix then. */
function authenticate(
  auth: AuthStore,
  { name: username, simpleToken: prefix }: InternalAuthenticateRequest,
  { index }: AuthPosition,
): { readonly response: AuthenticateResponse; readonly facts: readonly Fact[] } {
  auth.checkLogin(username);
  const token = prefix === "" ? "" : simpleToken(prefix, index);
  const facts: readonly Fact[] = prefix === "" ? [] : [{ kind: "logged-in", username, token }];
  return { response: { $typeName: "etcdserverpb.AuthenticateResponse", token }, facts };
}
