import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until there is an answer; what was thrown last tells why there was none in time. */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<T> {
  const { timeoutMs = 60_000, everyMs = 50 } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(everyMs);
  } while (performance.now() < deadlineMs);
  throw new Error(`${what}: not within ${String(timeoutMs)} ms`, { cause: last });
}
