import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom, type Random } from "../../../server/base/prng.ts";
import { KubeFailure, type KubeApi, type KubeObject } from "./kube-api.ts";
import { ObjectModel, type Known, type ObjectState } from "./object-model.ts";
import type { WriteTimes } from "./write-times.ts";

const RETRY_PAUSE_MS = 100;
const VALUE_BYTES = 1000;
const MAX_VIOLATIONS = 100;
const KINDS = ["configmaps", "secrets"] as const;
type Kind = (typeof KINDS)[number];

const NOT_FOUND = 404;
const CONFLICT = 409;

/** Who writes how much, and where. */
export interface ChurnOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly seed: number;
  readonly writers: number;
  /** Each writer's own: nobody else writes them. */
  readonly objectsPerWriter: number;
  readonly pauseMs: number;
  readonly times: WriteTimes;
}

/**
 * Writers that create, change and delete ConfigMaps and Secrets, each its own, and remember every answer. What an unanswered
 * write did is settled by a quorum read; at the end every object is read once more.
 */
export class ObjectChurn {
  readonly #options: ChurnOptions;
  readonly #model = new ObjectModel();
  readonly #violations: string[] = [];
  #isStopped = false;
  #unanswered = 0;
  #running: Promise<unknown> = Promise.resolve();
  #writes = 0;

  constructor(options: ChurnOptions) {
    this.#options = options;
  }

  /** What no answer may say of an object that only its writer writes. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  start(): void {
    const { writers, seed } = this.#options;
    this.#running = Promise.all(Array.from({ length: writers }, (_, n) => this.#write(n, seededRandom(seed + n))));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Reads every object that was ever written, at a quorum, and lists what nobody wrote. */
  async judge(): Promise<{ readonly objects: number; readonly wrong: readonly string[] }> {
    const { api, namespace } = this.#options;
    const wrong: string[] = [];
    for (const key of this.#model.keys) {
      const complaint = this.#model.found(key, await this.#read(key));
      if (complaint !== undefined) wrong.push(complaint);
    }
    for (const kind of KINDS) {
      const { items } = await api.list(`/api/v1/namespaces/${namespace}/${kind}`);
      const names = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith("churn-"));
      for (const name of names) {
        if (!this.#model.keys.includes(`${kind}/${name}`)) wrong.push(`${kind}/${name}: nobody wrote it`);
      }
    }
    return { objects: this.#model.keys.length, wrong };
  }

  async #write(writer: number, random: Random): Promise<void> {
    const { objectsPerWriter, pauseMs } = this.#options;
    while (!this.#isStopped) {
      const kind = KINDS[random.below(KINDS.length)] ?? "secrets";
      const key = `${kind}/churn-${String(writer)}-${String(random.below(objectsPerWriter))}`;
      // An object that is there is deleted now and then.
      await this.#change(key, kind, random.below(4) === 0);
      await sleep(pauseMs);
    }
  }

  async #change(key: string, kind: Kind, isDeletion: boolean): Promise<void> {
    if (!this.#model.isCertain(key)) return this.#settle(key);
    const now = this.#model.possible(key)[0] ?? "absent";
    const content = `write ${String(++this.#writes)} `.padEnd(VALUE_BYTES, ".");
    const wanted: Known = isDeletion && now !== "absent" ? "absent" : { content };
    const beganMs = performance.now();
    try {
      this.#model.acknowledged(key, await this.#send(key, kind, now, wanted));
      this.#options.times.acknowledged(beganMs, performance.now());
    } catch (error) {
      const failure = asFailure(error);
      if (failure.isUncertain) {
        this.#unanswered++;
        this.#model.unanswered(key, wanted);
      } else if (failure.status === NOT_FOUND || failure.status === CONFLICT) {
        // Nobody else writes it and its state was known.
        this.#violation(
          `${key}: ${wanted === "absent" ? "its deletion" : "its write"} over ${JSON.stringify(now).slice(0, 80)} was refused: ${failure.message}`,
        );
        this.#model.unanswered(key, wanted);
      }
      await sleep(RETRY_PAUSE_MS);
    }
  }

  async #send(key: string, kind: Kind, now: Known, wanted: Known): Promise<Known> {
    const { api, namespace } = this.#options;
    const folder = `/api/v1/namespaces/${namespace}/${kind}`;
    const name = nameOf(key);
    if (wanted === "absent") {
      await api.call("DELETE", `${folder}/${name}`, { body: deleteOptions(now) });
      return "absent";
    }
    const body = objectBody(kind, name, wanted.content, now);
    const written =
      now === "absent"
        ? await api.call("POST", folder, { body })
        : await api.call("PUT", `${folder}/${name}`, { body });
    return { content: wanted.content, resourceVersion: written.metadata.resourceVersion };
  }

  /** Reads what an unanswered write has left, and takes up from there: the next write names the version that was read. */
  async #settle(key: string): Promise<void> {
    try {
      const found = await this.#read(key);
      const complaint = this.#model.found(key, found);
      if (complaint !== undefined) this.#violation(complaint);
      if (this.#model.isCertain(key)) return;
      // It may still take effect. A write over what was read decides: if it is acknowledged, the other one never will be.
      await this.#decide(key, found);
    } catch (error) {
      if (!(error instanceof KubeFailure)) throw error;
    }
    await sleep(RETRY_PAUSE_MS);
  }

  async #decide(key: string, found: Known): Promise<void> {
    const kind = KINDS.find((candidate) => key.startsWith(candidate)) ?? "secrets";
    const wanted = { content: `write ${String(++this.#writes)} `.padEnd(VALUE_BYTES, ".") };
    try {
      this.#model.acknowledged(key, await this.#send(key, kind, found, wanted));
    } catch (error) {
      if (asFailure(error).isUncertain) this.#model.unanswered(key, wanted);
    }
  }

  async #read(key: string): Promise<Known> {
    const { api, namespace } = this.#options;
    for (;;) {
      try {
        return stateOf(await api.call("GET", `/api/v1/namespaces/${namespace}/${key}`));
      } catch (error) {
        if (asFailure(error).status === NOT_FOUND) return "absent";
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  #violation(sentence: string): void {
    if (this.#violations.length < MAX_VIOLATIONS) this.#violations.push(sentence);
  }
}

function asFailure(error: unknown): KubeFailure {
  if (error instanceof KubeFailure) return error;
  throw error;
}

function nameOf(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}

function objectBody(kind: Kind, name: string, content: string, now: Known): unknown {
  const version = now === "absent" ? undefined : now.resourceVersion;
  const isSecret = kind === "secrets";
  return {
    apiVersion: "v1",
    kind: isSecret ? "Secret" : "ConfigMap",
    metadata: { name, ...(version !== undefined && { resourceVersion: version }) },
    data: { content: isSecret ? Buffer.from(content).toString("base64") : content },
  };
}

function deleteOptions(now: Known): unknown {
  const resourceVersion = now === "absent" ? undefined : now.resourceVersion;
  return { apiVersion: "v1", kind: "DeleteOptions", preconditions: { resourceVersion } };
}

function stateOf({ kind, metadata, data }: KubeObject & { readonly kind?: string }): ObjectState {
  const value = data?.["content"] ?? "";
  const content = kind === "Secret" ? Buffer.from(value, "base64").toString() : value;
  return { content, resourceVersion: metadata.resourceVersion };
}
