import { Backoff } from "./backoff.ts";
import { isAborted } from "./is-aborted.ts";
import { isPassing } from "./passing-failure.ts";
import type { Timing } from "./timing.ts";

/** What goes on with a stream, and until when. */
export interface ResumedParts {
  readonly client: { connect(): Promise<void> };
  readonly timing: Timing;
  /** Ends it without an error. */
  readonly signal: AbortSignal | undefined;
}

/**
 * What one stream after the other tells: whenever one ends, or fails in a way that may pass, the next one begins after a
 * pause, at the next endpoint if need be. What is undefined says only that there is progress: then pauses are short again.
 */
export async function* resumed<T>(
  { client, timing, signal }: ResumedParts,
  begin: () => AsyncIterable<T | undefined>,
): AsyncGenerator<T, void> {
  const backoff = new Backoff();
  while (!isAborted(signal)) {
    try {
      await client.connect();
      for await (const told of begin()) {
        backoff.reset();
        if (told !== undefined) yield told;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      if (!isPassing(error)) throw error;
    }
    await timing.sleep(backoff.next(), signal);
  }
}
