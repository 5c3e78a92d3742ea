import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../server/base/prng.ts";
import { KubeFailure, type KubeApi, type KubeEvent, type KubeObject } from "./kube-api.ts";
import type { WatchedResource } from "./watched-resources.ts";
import { WatchedState } from "./watched-state.ts";

const RETRY_PAUSE_MS = 200;
/** Each watch asks for another length, so that each is resumed many times and never all together. */
const WATCH_SECONDS_MIN = 20;
const WATCH_SECONDS_SPREAD = 40;
const GONE = 410;

/**
 * Follows one resource as an informer does: a list, then watches, each of which resumes where the one before ended. That a
 * watch has to be given up for a new list is allowed by the API and counted: it is what a watch cache that lost its place does.
 */
export class ResourceWatcher {
  readonly resource: WatchedResource;
  readonly state = new WatchedState();
  readonly #api: KubeApi;
  readonly #random: Random;
  readonly #onObject: ((object: KubeObject, isDeleted: boolean) => void) | undefined;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #needsList = true;
  #lists = 0;
  #watches = 0;

  constructor(
    api: KubeApi,
    resource: WatchedResource,
    options: {
      readonly random: Random;
      readonly onObject?: (object: KubeObject, isDeleted: boolean) => void;
    },
  ) {
    this.resource = resource;
    this.#api = api;
    this.#random = options.random;
    this.#onObject = options.onObject;
  }

  /** How often it had to list anew. */
  get relists(): number {
    return Math.max(0, this.#lists - 1);
  }

  /** How often it began a watch. */
  get watches(): number {
    return this.#watches;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (this.#needsList) await this.#list();
        await this.#watch();
      } catch (error) {
        if (error instanceof KubeFailure && error.status === GONE) this.#needsList = true;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  async #list(): Promise<void> {
    const list = await this.#api.list(this.resource.path);
    this.#lists++;
    this.#needsList = false;
    this.state.list(list);
    for (const item of list.items) this.#onObject?.(item, false);
  }

  async #watch(): Promise<void> {
    const seconds = WATCH_SECONDS_MIN + this.#random.below(WATCH_SECONDS_SPREAD);
    const query = `?watch=true&allowWatchBookmarks=true&resourceVersion=${this.state.resourceVersion}&timeoutSeconds=${String(seconds)}`;
    this.#watches++;
    for await (const event of this.#api.watch(`${this.resource.path}${query}`, this.#stop.signal)) this.#take(event);
  }

  #take(event: KubeEvent): void {
    const { type, object } = event;
    if (type === "ERROR") throw new KubeFailure(object.code ?? 0, object.message ?? "the watch broke");
    this.state.event(event);
    if (type !== "BOOKMARK") this.#onObject?.(object, type === "DELETED");
  }
}
