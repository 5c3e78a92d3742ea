import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import type { PasswordHasher } from "../ports/password-hasher.ts";
import type { AuthenticateRequest, AuthenticateResponse } from "../proto/gen/rpc_pb.js";
import type { CallContext } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import type { Access } from "./access.ts";
import { writeAs } from "./write.ts";

/** How often a login starts anew because users or roles have changed while the password was looked at. */
const MAX_ATTEMPTS = 10;

export interface LoginOptions {
  readonly node: Node;
  readonly access: Access;
  readonly hasher: PasswordHasher;
  /** The random part of a simple token. */
  readonly newPrefix: () => string;
}

/**
 * Checks a password and gives out a token. The password itself goes no further than here. The login goes through the log,
 * so that every member knows a simple token; it counts only if users and roles are still as they were when the password
 * was looked at (etcd etcdserver/v3_server.go).
 */
export async function login(
  options: LoginOptions,
  { name, password }: AuthenticateRequest,
  call: CallContext,
): Promise<AuthenticateResponse> {
  const { node, access } = options;
  await node.linearizable();
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const revision = await checkedRevision(options, name, password, call);
    refuseWithoutTokens(access);
    const simpleToken = access.tokens.kind === "simple" ? options.newPrefix() : "";
    // Whoever logs in need not say who it is: a token that it has may be of no use any more.
    const response = await writeAs<AuthenticateResponse>(node, undefined, { authenticate: { name, simpleToken } });
    if (revision !== node.machine.auth.revision) continue;
    const { tokens } = access;
    if (tokens.kind === "signed") response.token = await tokens.signer.sign({ username: name, revision });
    return response;
  }
  throw new DomainError("auth-old-revision");
}

/** The revision of the auth store at which the password was right. */
async function checkedRevision(
  { node, hasher }: LoginOptions,
  name: string,
  password: string,
  call: CallContext,
): Promise<number> {
  const { auth } = node.machine;
  const { revision } = auth;
  try {
    const hash = Buffer.from(auth.passwordHashOf(name)).toString("latin1");
    if (await hasher.matches(password, hash, () => !call.isCancelled)) return revision;
    throw new DomainError("auth-failed");
  } catch (error) {
    const isRefusal = error instanceof DomainError && error.fault !== "auth-not-enabled";
    if (isRefusal) node.logger.warn("invalid authentication was requested", { user: name, error: error.fault });
    throw error;
  }
}

function refuseWithoutTokens({ tokens }: Access): void {
  if (tokens.kind === "none") throw new DomainError("auth-failed");
  if (tokens.kind === "signed" && !tokens.signer.canSign) {
    throw new RpcError(Code.UNKNOWN, "auth: token signing attempted with verify-only key");
  }
}
