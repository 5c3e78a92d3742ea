/** Letters of a token's random part, and how many of them it has. */
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const PREFIX_LENGTH = 16;
/** Tokens held at once; beyond it the one that is unused for longest has to log in anew. */
const MAX_TOKENS = 100_000;

interface Login {
  readonly username: string;
  readonly expiryMs: number;
}

/**
 * Tokens that say nothing by themselves: every member notes them as it applies the login (etcd auth/simple_token.go). They live
 * in memory, for so long after their last use. Times are milliseconds of a monotonic clock.
 */
export class SimpleTokens {
  readonly #ttlMs: number;
  /** The one that expires next comes first: whoever is used goes to the end. */
  readonly #logins = new Map<string, Login>();

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  get count(): number {
    return this.#logins.size;
  }

  assign(token: string, username: string, nowMs: number): void {
    this.#touch(token, username, nowMs);
    this.#dropExpired(nowMs);
  }

  /** Whose token it is; using it gives it its full time again. */
  use(token: string, nowMs: number): string | undefined {
    const login = this.#logins.get(token);
    if (!login) return undefined;
    if (login.expiryMs < nowMs) {
      this.#logins.delete(token);
      return undefined;
    }
    this.#touch(token, login.username, nowMs);
    return login.username;
  }

  /** The user has to log in anew. */
  dropUser(username: string): void {
    for (const [token, login] of this.#logins) if (login.username === username) this.#logins.delete(token);
  }

  clear(): void {
    this.#logins.clear();
  }

  #touch(token: string, username: string, nowMs: number): void {
    this.#logins.delete(token);
    this.#logins.set(token, { username, expiryMs: nowMs + this.#ttlMs });
  }

  #dropExpired(nowMs: number): void {
    for (const [token, { expiryMs }] of this.#logins) {
      if (expiryMs >= nowMs && this.#logins.size <= MAX_TOKENS) return;
      this.#logins.delete(token);
    }
  }
}

/** The random part of a new token; `below` draws a number from the operating system's randomness. */
export function tokenPrefix(below: (bound: number) => number): string {
  let prefix = "";
  for (let i = 0; i < PREFIX_LENGTH; i++) prefix += LETTERS[below(LETTERS.length)] ?? "";
  return prefix;
}

/** The whole token: it names the log entry by which it was made, so that a member knows from when on it has to know it. */
export function simpleToken(prefix: string, index: number): string {
  return `${prefix}.${String(index)}`;
}

/** The index in a token; undefined: that is none. */
export function tokenIndex(token: string): number | undefined {
  const digits = /^[^.]*\.(\d{1,20})$/.exec(token)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
