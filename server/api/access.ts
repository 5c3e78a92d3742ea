import { NOBODY, type Caller } from "../auth/caller.ts";
import { DomainError } from "../base/domain-error.ts";
import type { Node } from "../node/node.ts";
import type { TokenSigner } from "../ports/token-signer.ts";
import type { CallContext } from "../rpc/service.ts";

/** Which tokens this member gives out and takes (etcd's --auth-token). */
export type TokenScheme =
  { readonly kind: "none" } | { readonly kind: "simple" } | { readonly kind: "signed"; readonly signer: TokenSigner };

export interface AccessOptions {
  readonly node: Node;
  readonly tokens: TokenScheme;
  /** Whether the common name of a client's certificate says who it is (etcd's --client-cert-auth). */
  readonly trustsCertificates: boolean;
}

/** Where a token may be: gRPC clients send the first, HTTP clients the second. */
const TOKEN_KEYS = ["token", "authorization"] as const;
/** Set by HTTP proxies, whose certificate is not the user's. */
const PROXY_KEY = "grpcgateway-accept";

/** Who calls, and whether it may: the services ask here before they do anything. Nobody is asked while auth is off. */
export class Access {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** One look, so that calls cost nothing more while auth is off. */
  get isEnabled(): boolean {
    return this.#options.node.machine.auth.isEnabled;
  }

  get tokens(): TokenScheme {
    return this.#options.tokens;
  }

  /** Who calls, by its token or else by its certificate; NOBODY if it does not say. Fault: invalid-auth-token. */
  caller(call: CallContext): Caller | Promise<Caller> {
    if (!this.isEnabled) return NOBODY;
    for (const key of TOKEN_KEYS) {
      const token = call.metadata(key);
      if (token !== undefined) return this.#callerWith(firstOf(token).replace(/^Bearer /, ""));
    }
    return this.#callerByCertificate(call) ?? NOBODY;
  }

  /** Lets everybody pass who says who it is. Faults: invalid-auth-token, user-empty. */
  async requireCaller(call: CallContext): Promise<Caller> {
    const caller = await this.caller(call);
    if (caller === NOBODY && this.isEnabled) throw new DomainError("user-empty");
    return caller;
  }

  /** Lets root's role pass. Faults: invalid-auth-token, user-empty, user-not-found, permission-denied. */
  async requireAdmin(call: CallContext): Promise<void> {
    if (!this.isEnabled) return;
    const caller = await this.caller(call);
    this.#options.node.machine.auth.rights.checkAdmin(caller);
  }

  /**
   * Reads for somebody who may: `check` throws if not, `read` is done at once afterwards. If users or roles have changed
   * before it is done, the permission is too old. Faults besides: invalid-auth-token, auth-old-revision.
   */
  async readFor<T>(call: CallContext, check: (caller: Caller) => void, read: () => T | Promise<T>): Promise<T> {
    const caller = await this.caller(call);
    check(caller);
    const answer = await read();
    const { auth } = this.#options.node.machine;
    if (caller.revision !== 0 && caller.revision !== auth.revision) throw new DomainError("auth-old-revision");
    return answer;
  }

  async #callerWith(token: string): Promise<Caller> {
    const caller = await this.#tokenHolder(token);
    if (caller) return caller;
    this.#options.node.logger.warn("invalid auth token");
    throw new DomainError("invalid-auth-token");
  }

  async #tokenHolder(token: string): Promise<Caller | undefined> {
    const { node, tokens } = this.#options;
    switch (tokens.kind) {
      case "none":
        return undefined;
      case "simple": {
        const username = await node.logins.userOf(token);
        return username === undefined ? undefined : { username, revision: node.machine.auth.revision };
      }
      case "signed":
        return tokens.signer.verify(token);
    }
  }

  #callerByCertificate(call: CallContext): Caller | undefined {
    const { node, trustsCertificates } = this.#options;
    if (!trustsCertificates || call.metadata(PROXY_KEY) !== undefined) return undefined;
    const username = call.peerCommonName();
    return username === undefined ? undefined : { username, revision: node.machine.auth.revision };
  }
}

/**
 * A header that was sent twice arrives as one, its values joined by commas, which no token has. The Python client etcd3 sends
 * its token twice; etcd looks at the first.
 */
function firstOf(values: string): string {
  const comma = values.indexOf(",");
  return comma < 0 ? values : values.slice(0, comma);
}
