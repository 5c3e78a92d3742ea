import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../../../server/base/prng.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { KubeFailure, type KubeApi } from "./kube-api.ts";
import { DEPLOYMENT_LABEL, unsettled } from "./settled.ts";
import type { WriteTimes } from "./write-times.ts";

const RETRY_PAUSE_MS = 200;
const POLL_MS = 1000;
const SETTLE_TIMEOUT_MS = 180_000;
/** Deployments that are scaled at once. */
const PARALLEL = 5;
const CONFLICT = 409;

/** The deployments of one namespace: made once, then given random sizes, round by round. */
export class ScalingRounds {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #random: Random;
  readonly #times: WriteTimes;
  /** The size that was acknowledged last. */
  readonly #wanted = new Map<string, number>();

  constructor(options: {
    readonly api: KubeApi;
    readonly namespace: string;
    readonly random: Random;
    readonly times: WriteTimes;
  }) {
    this.#api = options.api;
    this.#namespace = options.namespace;
    this.#random = options.random;
    this.#times = options.times;
  }

  /** How many pods run when all is settled. */
  get pods(): number {
    return [...this.#wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  async create(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      const name = `scaled-${String(n).padStart(2, "0")}`;
      await this.#insist(() => this.#api.call("POST", this.#deployments, { body: deploymentBody(name) }));
      this.#wanted.set(name, 0);
    }
  }

  /** Gives every deployment another size; resolves when all have it, with the milliseconds that it took. */
  async round(maxReplicas: number): Promise<number> {
    const startMs = performance.now();
    const names = [...this.#wanted.keys()];
    for (let at = 0; at < names.length; at += PARALLEL) {
      await Promise.all(
        names.slice(at, at + PARALLEL).map((name) => this.#scale(name, this.#random.below(maxReplicas + 1))),
      );
    }
    await this.settled();
    return performance.now() - startMs;
  }

  /** Resolves when every deployment is as it was acknowledged last and its pods run. */
  async settled(): Promise<void> {
    let waits: readonly string[] = [];
    try {
      await waitUntil(
        "the deployments are settled",
        async () => (waits = await this.#unsettled()).length === 0 || undefined,
        {
          timeoutMs: SETTLE_TIMEOUT_MS,
          everyMs: POLL_MS,
        },
      );
    } catch (error) {
      throw new Error(`the deployments are not settled: ${waits.slice(0, 5).join("; ")}`, { cause: error });
    }
  }

  async #unsettled(): Promise<readonly string[]> {
    const { items: deployments } = await this.#api.list(this.#deployments);
    const { items: pods } = await this.#api.list(`/api/v1/namespaces/${this.#namespace}/pods`);
    return unsettled(this.#wanted, deployments, pods);
  }

  async #scale(name: string, replicas: number): Promise<void> {
    await this.#insist(() => this.#api.mergePatch(`${this.#deployments}/${name}/scale`, { spec: { replicas } }));
    this.#wanted.set(name, replicas);
  }

  get #deployments(): string {
    return `/apis/apps/v1/namespaces/${this.#namespace}/deployments`;
  }

  /** Until it is acknowledged. */
  async #insist(call: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const beganMs = performance.now();
      try {
        await call();
        this.#times.acknowledged(beganMs, performance.now());
        return;
      } catch (error) {
        if (!(error instanceof KubeFailure)) throw error;
        // A create whose answer was lost, or a change by a controller in between.
        if (error.status === CONFLICT && error.message.includes("already exists")) return;
        if (!error.isUncertain && error.status !== CONFLICT) throw error;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }
}

function deploymentBody(name: string): unknown {
  const labels = { [DEPLOYMENT_LABEL]: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 5, containers: [{ name: "main", image: "simulated" }] },
      },
    },
  };
}
