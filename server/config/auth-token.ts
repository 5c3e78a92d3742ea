import { parseDuration } from "./duration.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

/** etcd's, for a `jwt` without `ttl`. */
const DEFAULT_TTL_MS = 5 * 60 * 1000;
const KNOWN = new Set(["sign-method", "pub-key", "priv-key", "ttl"]);

/** What `--auth-token` says: which tokens users get. */
export type AuthTokenConfig =
  /** Nobody can log in by a password. */
  | { readonly kind: "none" }
  | { readonly kind: "simple" }
  | {
      readonly kind: "jwt";
      readonly signMethod: string;
      readonly publicKeyFile: string | undefined;
      readonly privateKeyFile: string | undefined;
      readonly ttlMs: number;
      /** Options that mean nothing, as in etcd, which warns of them. */
      readonly unknown: readonly string[];
    };

/** Reads a kind and its options: `jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256,ttl=10m`. */
export function parseAuthToken(text: string): Parsed<AuthTokenConfig> {
  const [kind = "", ...pairs] = text.split(",");
  const options = new Map<string, string>();
  for (const pair of pairs) {
    const [name = "", value, ...rest] = pair.split("=");
    if (value === undefined || rest.length > 0) return invalid(`${JSON.stringify(pair)} is not name=value`);
    if (options.has(name)) return invalid(`${name} is given twice`);
    options.set(name, value);
  }
  switch (kind) {
    case "":
      return accepted({ kind: "none" });
    case "simple":
      return accepted({ kind: "simple" });
    case "jwt":
      return signed(options);
    default:
      return invalid(`there are no tokens of kind ${JSON.stringify(kind)}: use "simple" or "jwt"`);
  }
}

/** Whether bcrypt can be told to work so much. */
export function isBcryptCost(cost: number): boolean {
  return cost >= 4 && cost <= 31;
}

function signed(options: ReadonlyMap<string, string>): Parsed<AuthTokenConfig> {
  const signMethod = options.get("sign-method");
  if (!signMethod) return invalid("jwt needs a sign-method, such as sign-method=RS256");
  const ttl = options.get("ttl");
  const ttlMs = ttl ? parseDuration(ttl) : accepted(DEFAULT_TTL_MS);
  if (!ttlMs.ok) return invalid(`ttl is ${JSON.stringify(ttl)}: it has to be a duration such as 5m`);
  return accepted({
    kind: "jwt",
    signMethod,
    publicKeyFile: options.get("pub-key") || undefined,
    privateKeyFile: options.get("priv-key") || undefined,
    ttlMs: ttlMs.value,
    unknown: [...options.keys()].filter((name) => !KNOWN.has(name)),
  });
}

function invalid(why: string): Parsed<AuthTokenConfig> {
  return rejected(`--auth-token: auth: invalid auth options: ${why}`);
}
