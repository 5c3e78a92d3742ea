import type { ControllerWorld } from "../../../../operator/controllers/controller-world.ts";
import { EtcdBackupController } from "../../../../operator/controllers/etcd-backup-controller.ts";
import { EtcdBackupScheduleController } from "../../../../operator/controllers/etcd-backup-schedule-controller.ts";
import { EtcdClusterController } from "../../../../operator/controllers/etcd-cluster-controller.ts";
import { EtcdRestoreController } from "../../../../operator/controllers/etcd-restore-controller.ts";
import { Informers } from "../../../../operator/controllers/informers.ts";
import { StepError } from "../../../../operator/controllers/step-error.ts";
import { generatePermitKey, PermitSigner } from "../../../../operator/etcd/permit-signer.ts";
import { ReleaseMemory } from "../../../../operator/etcd/release-memory.ts";
import { Applier } from "../../../../operator/kube/applier.ts";
import { EventRecorder } from "../../../../operator/kube/event-recorder.ts";
import { KubeError } from "../../../../operator/kube/kube-error.ts";
import { keyOf } from "../../../../operator/kube/object-key.ts";
import { ClusterMetrics } from "../../../../operator/observability/cluster-metrics.ts";
import { operatorLogger } from "../../../../operator/observability/logger.ts";
import { Registry } from "../../../../operator/observability/registry.ts";
import type { Platform } from "../../../../operator/resources/platform.ts";
import type { ManualClock } from "../../../support/manual-clock.ts";
import type { Connection, MemoryKube } from "./memory-kube.ts";
import type { SimulatedMembers } from "./simulated-members.ts";

/** It outlives every operator: Kubernetes keeps it. */
const SIGNER = new PermitSigner(generatePermitKey());

/** What an operator process is started in. */
export interface Surroundings {
  readonly kube: MemoryKube;
  readonly members: SimulatedMembers;
  readonly clock: ManualClock;
  /** What the operator is: another image is another release. */
  readonly platform: Platform;
  /** Where its log lines go. */
  readonly log: string[];
}

/** One process of the operator with its real controllers: all that it knows goes with it. */
export class SimulatedOperator {
  readonly #world: ControllerWorld;
  readonly #connection: Connection;
  readonly #kube: MemoryKube;
  readonly #controllers: readonly (readonly [
    kind: "clusters" | "backups" | "schedules" | "restores",
    controller: { reconcile(key: string): Promise<unknown> },
  ])[];

  private constructor(kube: MemoryKube, connection: Connection, world: ControllerWorld) {
    this.#kube = kube;
    this.#connection = connection;
    this.#world = world;
    this.#controllers = [
      ["clusters", new EtcdClusterController(world)],
      ["backups", new EtcdBackupController(world)],
      ["schedules", new EtcdBackupScheduleController(world)],
      ["restores", new EtcdRestoreController(world)],
    ];
  }

  static async start({ kube, members, clock, platform, log }: Surroundings): Promise<SimulatedOperator> {
    const connection = kube.connect();
    const { client } = connection;
    const informers = new Informers({
      client,
      namespaces: undefined,
      resyncPeriodMs: 1e12,
      clock,
      random: () => 1,
      onProblem: () => {},
    });
    informers.start();
    await informers.synced();
    const world: ControllerWorld = {
      client,
      informers,
      applier: new Applier(client),
      events: new EventRecorder({ client, clock, instance: "simulated", onDropped: () => {} }),
      members: members.clients,
      askPeer: members.askPeer,
      releases: new ReleaseMemory(),
      signer: SIGNER,
      platform,
      clusterMetrics: new ClusterMetrics(new Registry()),
      logger: operatorLogger({ level: "info", format: "text", destination: { write: (line) => log.push(line) } }),
      clock,
      isLeader: () => true,
    };
    return new SimulatedOperator(kube, connection, world);
  }

  /** Looks at every object once, one after the other; what went wrong in a way that the next turn may mend. */
  async turn(): Promise<readonly Error[]> {
    const errors: Error[] = [];
    for (const [kind, controller] of this.#controllers) {
      for (const object of this.#world.informers[kind].list()) {
        try {
          await controller.reconcile(keyOf(object));
        } catch (error) {
          if (!(error instanceof KubeError) && !(error instanceof StepError)) throw error;
          errors.push(error);
        }
        await this.#caughtUp();
      }
    }
    await this.#world.events.flush();
    return errors;
  }

  /** As by kill -9: nothing that it was about to do happens. */
  kill(): void {
    this.#connection.cut();
    this.#world.informers.stop();
  }

  /** Waits until the caches show what is stored. */
  async #caughtUp(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (!this.#kube.isHeard);
  }
}
