import { SimpleTokens, tokenIndex } from "../auth/simple-tokens.ts";
import type { Clock } from "../ports/clock.ts";
import type { AppliedIndex } from "./applied-index.ts";

/** Calls that may wait at once for a login to reach this member: tokens are not secrets that only clients can make up. */
const MAX_WAITING = 1000;

export interface LoginsOptions {
  readonly clock: Clock;
  readonly applied: AppliedIndex;
  readonly ttlMs: number;
  /** How long a token may wait for this member to catch up with the one that gave it out. */
  readonly timeoutMs: number;
}

/** Who has logged in with a simple token, as far as this member has applied the log. */
export class Logins {
  readonly #options: LoginsOptions;
  readonly #tokens: SimpleTokens;
  #waiting = 0;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#tokens = new SimpleTokens(options.ttlMs);
  }

  add(username: string, token: string): void {
    this.#tokens.assign(token, username, this.#options.clock.monotonicMs());
  }

  /** The user's password is another one now, or the user is gone. */
  end(username: string): void {
    this.#tokens.dropUser(username);
  }

  /** Auth is off. */
  clear(): void {
    this.#tokens.clear();
  }

  /** Whose token it is; undefined: nobody's. Waits only for a login that this member has not come to yet. */
  userOf(token: string): string | undefined | Promise<string | undefined> {
    const index = tokenIndex(token);
    if (index === undefined) return undefined;
    const { applied, clock } = this.#options;
    return applied.value >= index ? this.#tokens.use(token, clock.monotonicMs()) : this.#whenApplied(token, index);
  }

  async #whenApplied(token: string, index: number): Promise<string | undefined> {
    if (this.#waiting >= MAX_WAITING) return undefined;
    const { applied, clock, timeoutMs } = this.#options;
    this.#waiting++;
    try {
      const isApplied = await applied.atLeastWithin(index, timeoutMs, clock);
      return isApplied ? this.#tokens.use(token, clock.monotonicMs()) : undefined;
    } finally {
      this.#waiting--;
    }
  }
}
