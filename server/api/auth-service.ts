import { randomInt } from "node:crypto";
import { tokenPrefix } from "../auth/simple-tokens.ts";
import type { Node } from "../node/node.ts";
import type { PasswordHasher } from "../ports/password-hasher.ts";
import type { Auth } from "../proto/gen/rpc_pb.js";
import type { ResponseMessage } from "../apply/outcome.ts";
import type { Command } from "../node/proposals.ts";
import type { CallContext, Implementation } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import type { Access } from "./access.ts";
import { login } from "./login.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { write } from "./write.ts";

export interface AuthServiceOptions {
  readonly node: Node;
  readonly access: Access;
  readonly hasher: PasswordHasher;
}

/** Bytes of a password that bcrypt looks at; etcd refuses longer ones. */
const MAX_PASSWORD_BYTES = 72;

/** The Auth service. All but logging in goes through the log, where the caller's permission is looked at. */
export function authService({ node, access, hasher }: AuthServiceOptions): Implementation<typeof Auth> {
  const through = <T extends ResponseMessage>(call: CallContext, command: Command): Promise<T> => {
    refuseOnLearner(node);
    return write<T>(node, access, call, command);
  };
  return {
    authEnable: (authEnable, call) => through(call, { authEnable }),
    authDisable: (authDisable, call) => through(call, { authDisable }),
    authStatus: (authStatus, call) => through(call, { authStatus }),
    authenticate(request, call) {
      refuseOnLearner(node);
      return login({ node, access, hasher, newPrefix: () => tokenPrefix(randomInt) }, request, call);
    },
    async userAdd({ name, options, password }, call) {
      refuseOnLearner(node);
      // Before the work, which anybody could ask for otherwise; and again when it is applied.
      await access.requireAdmin(call);
      const hashedPassword = options?.noPassword ? "" : await hashed(hasher, password);
      return through(call, { authUserAdd: { name, hashedPassword, ...(options && { options }) } });
    },
    userGet: (authUserGet, call) => through(call, { authUserGet }),
    userList: (authUserList, call) => through(call, { authUserList }),
    userDelete: (authUserDelete, call) => through(call, { authUserDelete }),
    async userChangePassword({ name, password, hashedPassword: given }, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      const hashedPassword = password === "" ? given : await hashed(hasher, password);
      return through(call, { authUserChangePassword: { name, hashedPassword } });
    },
    userGrantRole: (authUserGrantRole, call) => through(call, { authUserGrantRole }),
    userRevokeRole: (authUserRevokeRole, call) => through(call, { authUserRevokeRole }),
    roleAdd: (authRoleAdd, call) => through(call, { authRoleAdd }),
    roleGet: (authRoleGet, call) => through(call, { authRoleGet }),
    roleList: (authRoleList, call) => through(call, { authRoleList }),
    roleDelete: (authRoleDelete, call) => through(call, { authRoleDelete }),
    roleGrantPermission: (authRoleGrantPermission, call) => through(call, { authRoleGrantPermission }),
    roleRevokePermission: (authRoleRevokePermission, call) => through(call, { authRoleRevokePermission }),
  };
}

/** What goes into the log instead of the password, as requests carry it: base64 of the bcrypt text. */
async function hashed(hasher: PasswordHasher, password: string): Promise<string> {
  if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) {
    throw new RpcError(Code.UNKNOWN, `bcrypt: password length exceeds ${String(MAX_PASSWORD_BYTES)} bytes`);
  }
  return Buffer.from(await hasher.hash(password)).toString("base64");
}
