import { pause, type Clock } from "./clock.ts";
import { KubeError, isFault } from "./kube-error.ts";
import type { KubeClient, ObjectList, Selection, WatchEvent } from "./kube-client.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ResourceKind } from "./resource-kind.ts";
import { isOlder } from "./resource-version.ts";

/** The server ends a watch after a random time in this range, so that watches move to other API servers in time. */
const WATCH_SECONDS_MIN = 300;
const WATCH_SECONDS_MAX = 600;
/** A watch with nothing to say sends a bookmark about once a minute: after three without one something is wrong. */
const SILENCE_MS = 180_000;
/** Waits between failed attempts, doubled each time. */
const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 10_000;
/** A watch that has lasted this long was a good one. */
const GOOD_WATCH_MS = 5_000;
/** After so many failed watches in a row it may be that where they go on from is the trouble: list again. */
const WATCH_FAILURES_MAX = 5;

/** Where the objects go. */
export interface ReflectorSink<T> {
  /** `isNewHistory`: the server was set back, by a restore for instance; what was seen later never was. */
  listed(list: ObjectList<T>, isNewHistory: boolean): void;
  seen(event: Exclude<WatchEvent<T>, { type: "BOOKMARK" }>): void;
}

/** What a reflector works with. */
export interface ReflectorOptions<T extends KubeObject> {
  readonly client: KubeClient;
  readonly kind: ResourceKind<T>;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly sink: ReflectorSink<T>;
  /** Hears why the objects are not up to date. */
  readonly onProblem: (problem: string, error: KubeError) => void;
}

/**
 * Follows the objects of one selection: lists them once, then watches from there on. A watch that ends is begun again
 * where it was; only when the server no longer keeps that place, or says nothing at all, are the objects listed again.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #stopped = new AbortController();
  /** Where the watch goes on; undefined: list first. */
  #resourceVersion: string | undefined;
  /** The latest state seen. A fresh list is never older, unless the server itself has gone back. */
  #seenVersion: string | undefined;
  #failures = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
  }

  /** Follows until `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        await this.#step(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof KubeError)) throw error;
        this.#failed(error);
      }
      if (this.#failures > 0) await pause(this.#options.clock, this.#delayMs(), signal);
    }
  }

  /** Ends at once; what is on its way is dropped. */
  stop(): void {
    this.#stopped.abort();
  }

  async #step(signal: AbortSignal): Promise<void> {
    const { client, kind, selection, sink } = this.#options;
    if (this.#resourceVersion === undefined) {
      const list = await client.list(kind, selection, { signal });
      sink.listed(list, isOlder(list.resourceVersion, this.#seenVersion));
      this.#goTo(list.resourceVersion);
    }
    if (this.#resourceVersion !== undefined) await this.#watch(this.#resourceVersion, signal);
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, kind, selection, clock, random, sink } = this.#options;
    const startMs = clock.monotonicMs();
    const timeoutSeconds = Math.round(WATCH_SECONDS_MIN + random() * (WATCH_SECONDS_MAX - WATCH_SECONDS_MIN));
    const start = { ...selection, resourceVersion, timeoutSeconds, silenceMs: SILENCE_MS };
    let events = 0;
    try {
      for await (const event of client.watch(kind, start, signal)) {
        if (signal.aborted) return;
        events++;
        if (event.type === "BOOKMARK") {
          this.#goTo(event.resourceVersion);
        } else {
          sink.seen(event);
          this.#goTo(event.object.metadata.resourceVersion);
        }
      }
    } finally {
      if (events > 0 || clock.monotonicMs() - startMs >= GOOD_WATCH_MS) this.#failures = 0;
    }
    // A server that ends watches as soon as they begin must not be asked in a loop.
    if (events === 0 && clock.monotonicMs() - startMs < GOOD_WATCH_MS) this.#failures++;
  }

  #goTo(resourceVersion: string | undefined): void {
    this.#resourceVersion = resourceVersion;
    this.#seenVersion = resourceVersion;
  }

  #failed(error: KubeError): void {
    const { onProblem, kind } = this.#options;
    // Silence took its time: no further wait. But it may be that the server was set back and waits itself, for the version
    // that we have named (kube-apiserver opens such a watch and says nothing): only a list tells.
    const isSilence = isFault(error, "Timeout") && error.status === undefined;
    if (!isSilence) this.#failures++;
    const isDown = error.fault.kind === "Unavailable" && !error.fault.isSent;
    const isHopeless = this.#failures >= WATCH_FAILURES_MAX && !isDown;
    if (isSilence || isHopeless || isFault(error, "Gone")) this.#resourceVersion = undefined;
    const missing = isFault(error, "NotFound") ? `: is the definition of ${kind.kind} installed?` : "";
    onProblem(`${kind.plural} are not followed for the moment${missing}`, error);
  }

  #delayMs(): number {
    const ceilingMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** (this.#failures - 1));
    return ceilingMs * (0.5 + this.#options.random() / 2);
  }
}
