import type { Clock, Timer } from "./clock.ts";

/** Aborts a call when it takes too long or when its caller gives up, and remembers which of the two it was. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  #timeoutMs: number;
  readonly #caller: AbortSignal | undefined;
  #timer: Timer | undefined;
  #reason: "none" | "late" | "cancelled" = "none";

  constructor(clock: Clock, timeoutMs: number, caller: AbortSignal | undefined) {
    this.#clock = clock;
    this.#caller = caller;
    if (caller?.aborted) this.#cancel();
    else caller?.addEventListener("abort", this.#cancel);
    this.#timeoutMs = timeoutMs;
    this.extend(timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the call was aborted, if it was. */
  get reason(): "none" | "late" | "cancelled" {
    return this.#reason;
  }

  /** The time after which the call is late. */
  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Gives the call that time from now on: something has come. */
  extend(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(timeoutMs, () => this.#abort("late"));
  }

  /** The call is over: nothing is aborted any more. */
  end(): void {
    this.#timer?.cancel();
    this.#caller?.removeEventListener("abort", this.#cancel);
  }

  #abort(reason: "late" | "cancelled"): void {
    if (this.#reason !== "none") return;
    this.#reason = reason;
    this.#controller.abort();
  }

  readonly #cancel = (): void => this.#abort("cancelled");
}
