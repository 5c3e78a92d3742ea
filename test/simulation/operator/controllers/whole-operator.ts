import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { vi } from "vitest";
import { Controllers } from "../../../../operator/controllers/controllers.ts";
import { Informers } from "../../../../operator/controllers/informers.ts";
import { generatePermitKey, PermitSigner } from "../../../../operator/etcd/permit-signer.ts";
import { ReleaseMemory } from "../../../../operator/etcd/release-memory.ts";
import { Applier } from "../../../../operator/kube/applier.ts";
import { EventRecorder } from "../../../../operator/kube/event-recorder.ts";
import { ClusterMetrics } from "../../../../operator/observability/cluster-metrics.ts";
import { OperatorMetrics } from "../../../../operator/observability/operator-metrics.ts";
import { Registry } from "../../../../operator/observability/registry.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { findCondition } from "../../../../operator/types/condition.ts";
import type { FakeKube } from "../../../support/fake-kube/fake-kube.ts";
import { KubeHarness } from "../../../support/fake-kube/kube-harness.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";
import { Nature } from "./nature.ts";
import { SimulatedMembers } from "./simulated-members.ts";
import { StoredObjects } from "./stored-objects.ts";

const START_MS = Date.parse("2026-11-01T10:20:30Z");
/** Time that passes between two looks at what has happened. */
const TICK_MS = 100;
const LIMIT_MS = 900_000;
const GRACE_MS = 1000;

/**
 * The operator as it runs, queues, retries and caches included, against an API server over HTTP that tests make ill, and
 * against simulated members. Only time is not real.
 */
export class WholeOperator {
  readonly objects: StoredObjects;
  readonly members: SimulatedMembers;
  readonly nature: Nature;
  readonly #harness: KubeHarness;
  readonly #running: Controllers[] = [];
  readonly #signer = new PermitSigner(generatePermitKey());

  private constructor(harness: KubeHarness) {
    this.#harness = harness;
    const nowMs = (): number => harness.clock.nowMs;
    this.objects = new StoredObjects(harness.kube.store);
    this.members = new SimulatedMembers(nowMs);
    this.nature = new Nature(this.objects, this.members, nowMs);
  }

  static async start(): Promise<WholeOperator> {
    vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
    const harness = await KubeHarness.start();
    harness.clock.nowMs = START_MS;
    const operator = new WholeOperator(harness);
    await operator.another();
    return operator;
  }

  get kube(): FakeKube {
    return this.#harness.kube;
  }

  get nowMs(): number {
    return this.#harness.clock.nowMs;
  }

  /** One more process of the operator, beside those that there are. */
  async another(): Promise<void> {
    const { clock } = this.#harness;
    const client = this.#harness.client();
    const settings = {
      client,
      namespaces: undefined,
      resyncPeriodMs: 600_000,
      clock,
      random: longest,
      onProblem: () => {},
    };
    const controllers = new Controllers(
      {
        client,
        informers: new Informers(settings),
        applier: new Applier(client),
        events: new EventRecorder({ client, clock, instance: "whole", onDropped: () => {} }),
        members: this.members.clients,
        askPeer: this.members.askPeer,
        releases: new ReleaseMemory(),
        signer: this.#signer,
        platform: PLATFORM,
        clusterMetrics: new ClusterMetrics(new Registry()),
        logger: Object.assign(pino({ level: "silent" }), { with: () => pino({ level: "silent" }) }) as never,
        clock,
        isLeader: () => true,
      },
      { concurrency: 4, metrics: new OperatorMetrics(new Registry()), random: longest },
    );
    this.#running.push(controllers);
    await controllers.start();
  }

  cluster(): EtcdCluster {
    return this.objects.get("clusters", "x") as unknown as EtcdCluster;
  }

  /** Whether x is as its spec says, with nothing in flight. */
  get isWell(): boolean {
    const { metadata, spec, status } = this.cluster();
    if (!status || status.observedGeneration !== metadata.generation || status.operation) return false;
    const isWhole = status.voters === spec.replicas && status.readyReplicas === spec.replicas;
    return isWhole && findCondition(status.conditions, "Progressing")?.reason === "AsWanted";
  }

  /** Lets that much time pass. */
  async pass(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) await this.#tick();
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    for (const endMs = this.nowMs + LIMIT_MS; this.nowMs < endMs; await this.#tick()) if (isSo()) return;
    throw new Error(`it never came to be that ${what}: ${JSON.stringify(this.cluster().status, undefined, 1)}`);
  }

  async stop(): Promise<void> {
    this.kube.heal();
    const stopped = this.#running.map((controllers) => controllers.stop(GRACE_MS));
    await this.#harness.pass(Promise.all(stopped));
    await this.#harness.stop();
    vi.useRealTimers();
  }

  async #tick(): Promise<void> {
    this.nature.step();
    this.#harness.clock.advance(TICK_MS);
    vi.setSystemTime(this.nowMs);
    // The network is real: give it its time.
    await sleep(1);
  }
}

/** Waits are the longest that they can be. */
function longest(): number {
  return 1;
}
