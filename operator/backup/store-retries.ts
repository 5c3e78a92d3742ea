import { StoreError } from "./object-store.ts";

/** How often one request to a store is made, the first time included. */
const ATTEMPTS_MAX = 6;
const FIRST_PAUSE_MS = 250;
const PAUSE_MAX_MS = 8000;

/** What retries need of the world. */
export interface RetryWorld {
  readonly pause: (ms: number) => Promise<void>;
  /** A line for whoever reads the log of the Job. */
  readonly log: (line: string) => void;
}

/**
 * Makes a request again while the store is unavailable, with growing pauses: about 12 s in all. What makes its effect
 * uncertain the second time, such as the end of an upload, learns from `attempt` that there was a first.
 */
export async function withRetries<T>(
  world: RetryWorld,
  doing: string,
  request: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request(attempt);
    } catch (error) {
      const mayPass = error instanceof StoreError && error.fault === "Unavailable";
      if (!mayPass || attempt >= ATTEMPTS_MAX) throw error;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), PAUSE_MAX_MS);
      world.log(`${doing}: ${error.message}; attempt ${String(attempt + 1)} in ${String(pauseMs)} ms`);
      await world.pause(pauseMs);
    }
  }
}
