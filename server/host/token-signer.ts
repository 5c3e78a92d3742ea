import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Clock } from "../ports/clock.ts";
import type { TokenClaims, TokenSigner } from "../ports/token-signer.ts";

/** Tokens whose signature has been checked and need not be checked again: that would cost more than a Put. */
const MAX_KNOWN_TOKENS = 1000;

/** JSON Web Signature algorithms (RFC 7518, RFC 8037) by the kind of key that they need. */
const METHODS = {
  rsa: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ec: ["ES256", "ES384", "ES512"],
  ed25519: ["EdDSA"],
  secret: ["HS256", "HS384", "HS512"],
} as const;
type KeyKind = keyof typeof METHODS;

/** Which keys, and for how long a token is valid; names follow etcd's `--auth-token jwt,…`. */
export interface SignedTokenOptions {
  readonly signMethod: string;
  readonly publicKeyFile: string | undefined;
  readonly privateKeyFile: string | undefined;
  readonly ttlMs: number;
}

/** The keys of signed tokens cannot be used; the message says what to do. */
export class TokenKeyError extends Error {
  override readonly name = "TokenKeyError";
}

interface Keys {
  readonly sign: KeyObject | Uint8Array | undefined;
  readonly verify: KeyObject | Uint8Array;
}

interface KnownToken {
  readonly claims: TokenClaims;
  /** Undefined: it does not expire. */
  readonly expirySeconds: number | undefined;
}

/** JSON Web Tokens (RFC 7519) with etcd's claims: username, revision and exp. */
export class JwtSigner implements TokenSigner {
  readonly #method: string;
  readonly #keys: Keys;
  readonly #ttlMs: number;
  readonly #clock: Clock;
  /** The one that was seen first goes first. */
  readonly #known = new Map<string, KnownToken>();

  private constructor(options: SignedTokenOptions, keys: Keys, clock: Clock) {
    this.#method = options.signMethod;
    this.#keys = keys;
    this.#ttlMs = options.ttlMs;
    this.#clock = clock;
  }

  /** Reads the key files and tries the keys. Rejects with a TokenKeyError. */
  static async open(options: SignedTokenOptions, clock: Clock): Promise<JwtSigner> {
    const signer = new JwtSigner(options, readKeys(options), clock);
    try {
      await signer.#check(await signer.#probe());
    } catch (error) {
      throw new TokenKeyError(`the key cannot be used for ${options.signMethod}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return signer;
  }

  get canSign(): boolean {
    return this.#keys.sign !== undefined;
  }

  async sign({ username, revision }: TokenClaims): Promise<string> {
    const { sign } = this.#keys;
    if (!sign) throw new TokenKeyError("without a private key tokens can be checked and not made");
    return new SignJWT({ username, revision })
      .setProtectedHeader({ alg: this.#method, typ: "JWT" })
      .setExpirationTime(Math.floor((this.#clock.unixMs() + this.#ttlMs) / 1000))
      .sign(sign);
  }

  verify(token: string): TokenClaims | undefined | Promise<TokenClaims | undefined> {
    const known = this.#known.get(token);
    if (!known) return this.#check(token);
    if (known.expirySeconds === undefined || known.expirySeconds > this.#clock.unixMs() / 1000) return known.claims;
    this.#known.delete(token);
    return undefined;
  }

  /** A token to try the key with; without a private key one whose signature is wrong. */
  async #probe(): Promise<string> {
    if (this.canSign) return this.sign({ username: "", revision: 0 });
    return `${encoded({ alg: this.#method })}.${encoded({})}.AAAA`;
  }

  async #check(token: string): Promise<TokenClaims | undefined> {
    try {
      const options = { algorithms: [this.#method], currentDate: new Date(this.#clock.unixMs()) };
      const { payload } = await jwtVerify(token, this.#keys.verify, options);
      const { username, revision, exp: expirySeconds } = payload;
      if (typeof username !== "string" || typeof revision !== "number") return undefined;
      const claims = { username, revision: Math.trunc(revision) };
      this.#remember(token, { claims, expirySeconds });
      return claims;
    } catch (error) {
      // What is wrong with a token is the client's business; anything else is a bug.
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  #remember(token: string, known: KnownToken): void {
    this.#known.set(token, known);
    if (this.#known.size <= MAX_KNOWN_TOKENS) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

/** A part of a token. */
function encoded(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString("base64url");
}

function readKeys({ signMethod, publicKeyFile, privateKeyFile }: SignedTokenOptions): Keys {
  const kind = kindOf(signMethod);
  const secret = privateKeyFile === undefined ? undefined : readKeyFile(privateKeyFile);
  if (kind === "secret") {
    if (!secret || secret.length === 0)
      throw new TokenKeyError(`priv-key has to name a file with the secret of ${signMethod}`);
    return { sign: secret, verify: secret };
  }
  const sign = secret && parseKey(() => createPrivateKey(secret), privateKeyFile, kind);
  const pem = publicKeyFile === undefined ? undefined : readKeyFile(publicKeyFile);
  const verify = pem && parseKey(() => createPublicKey(pem), publicKeyFile, kind);
  if (!sign) {
    if (!verify) throw new TokenKeyError(`${signMethod} needs a key: name its file with priv-key or pub-key`);
    return { sign, verify };
  }
  const own = createPublicKey(sign);
  if (verify && !verify.equals(own)) throw new TokenKeyError("pub-key and priv-key do not belong together");
  return { sign, verify: own };
}

function kindOf(method: string): KeyKind {
  for (const [kind, methods] of Object.entries(METHODS)) {
    if (methods.some((known) => known === method)) return kind as KeyKind;
  }
  const all = Object.values(METHODS).flat().join(", ");
  throw new TokenKeyError(`sign-method is ${JSON.stringify(method)}: it has to be one of ${all}`);
}

function readKeyFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TokenKeyError(`cannot read the key file ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function parseKey(parse: () => KeyObject, path: string | undefined, kind: KeyKind): KeyObject {
  let key: KeyObject;
  try {
    key = parse();
  } catch (error) {
    throw new TokenKeyError(`the file ${String(path)} holds no PEM key that can be used without a password`, {
      cause: error,
    });
  }
  if (key.asymmetricKeyType === kind) return key;
  throw new TokenKeyError(
    `the key in ${String(path)} is of type ${String(key.asymmetricKeyType)}, and ${kind} is needed`,
  );
}
