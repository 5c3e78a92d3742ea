import { isTokenRefusal } from "./passing-failure.ts";

/** Who calls: what `etcdctl --user name:password` gives. */
export interface UserLogin {
  readonly name: string;
  readonly password: string;
}

/** The metadata of a call by which the server knows the caller. */
export type CallMetadata = Readonly<Record<string, string>>;

const NONE: CallMetadata = {};

/**
 * The token of a user: fetched when it is first needed, and anew when a server refuses it, which it does when the token
 * has expired, the server has started again, or users and roles have changed.
 */
export class Login {
  readonly #authenticate: (() => Promise<string>) | undefined;
  #token: Promise<string> | undefined;
  #metadata: CallMetadata = NONE;

  /** Without a way to authenticate, calls carry no token. */
  constructor(authenticate: (() => Promise<string>) | undefined) {
    this.#authenticate = authenticate;
  }

  /** What is known now; streams, which begin at once, go with it. */
  get metadata(): CallMetadata {
    return this.#metadata;
  }

  /** Logs in unless that was done. All that wait share one login. */
  async ready(): Promise<CallMetadata> {
    if (this.#authenticate === undefined) return NONE;
    const asked = (this.#token ??= this.#authenticate());
    try {
      const metadata = { token: await asked };
      if (asked === this.#token) this.#metadata = metadata;
      return metadata;
    } catch (error) {
      if (asked === this.#token) this.forget();
      throw error;
    }
  }

  /** The next call logs in again. */
  forget(): void {
    this.#token = undefined;
    this.#metadata = NONE;
  }

  /** Makes a call with the token; once more with a new one if this one is refused, for then nothing has happened. */
  async call<T>(make: (metadata: CallMetadata) => Promise<T>): Promise<T> {
    const metadata = await this.ready();
    try {
      return await make(metadata);
    } catch (error) {
      if (this.#authenticate === undefined || !isTokenRefusal(error)) throw error;
      // Another call may have renewed it in the meantime.
      if (this.#metadata === metadata || this.#metadata["token"] === metadata["token"]) this.forget();
      return make(await this.ready());
    }
  }
}
