import type { EtcdBackup } from "../../../../operator/types/etcd-backup.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import type { EtcdRestore } from "../../../../operator/types/etcd-restore.ts";
import { findCondition } from "../../../../operator/types/condition.ts";
import {
  BUCKET,
  etcdBackup,
  etcdBackupSchedule,
  etcdBackupStore,
  etcdCluster,
  etcdRestore,
} from "../../../support/operator-objects.ts";
import type { Simulation } from "./simulation.ts";

/** Something that a user asks for, or that befalls a cluster. */
export interface Situation {
  readonly name: string;
  /** What is there before. */
  readonly prepare: (simulation: Simulation) => Promise<void>;
  /** What happens, up to the end of it. */
  readonly run: (simulation: Simulation) => Promise<void>;
}

const SPEC = { replicas: 3, storage: { size: "1Gi" } } as const;
const HOUR_MS = 3_600_000;

/** Whether a cluster of that size is as its spec says. */
function isWell(simulation: Simulation, name = "x"): boolean {
  const { metadata, spec, status } = simulation.cluster(name);
  if (!status || status.observedGeneration !== metadata.generation || status.operation) return false;
  const isWhole = status.voters === spec.replicas && status.readyReplicas === spec.replicas;
  return isWhole && findCondition(status.conditions, "Progressing")?.reason === "AsWanted";
}

async function healthyCluster(simulation: Simulation, spec: EtcdClusterSpecInput = SPEC): Promise<void> {
  simulation.objects.create("stores", etcdBackupStore(BUCKET));
  simulation.objects.create("clusters", etcdCluster(spec));
  simulation.pace = Infinity;
  await simulation.untilAtRest("the cluster is well", () => isWell(simulation));
  simulation.pace = 1;
}

function moveLeader({ members }: Simulation, ordinal: number): void {
  const [raft] = members.rafts.values();
  const heir = raft?.voters[ordinal];
  if (heir) raft.moveLeader(heir.id);
}

function patched(spec: object): Situation["run"] {
  return async (simulation) => {
    simulation.objects.patch("clusters", "x", { spec });
    await simulation.untilAtRest("the cluster is as its spec says", () => isWell(simulation));
  };
}

function phaseOf(simulation: Simulation, kind: "backups" | "restores", name: string): string | undefined {
  const object = simulation.objects.find(kind, name) as unknown as EtcdBackup | EtcdRestore | undefined;
  return object?.status?.phase;
}

/** Every situation at each of whose steps the operator is killed. */
export const SITUATIONS: readonly Situation[] = [
  {
    name: "a cluster of three is founded",
    prepare: async () => {},
    run: async (simulation) => {
      // So slow that the operator looks at every state on the way.
      simulation.pace = 0.5;
      simulation.objects.create("clusters", etcdCluster(SPEC));
      await simulation.untilAtRest("the cluster is well", () => isWell(simulation));
    },
  },
  { name: "three become five", prepare: healthyCluster, run: patched({ replicas: 5 }) },
  {
    name: "three become one, and the leader leaves",
    prepare: async (simulation) => {
      await healthyCluster(simulation);
      moveLeader(simulation, 2);
    },
    run: patched({ replicas: 1 }),
  },
  {
    name: "a disk is lost",
    prepare: healthyCluster,
    run: async (simulation) => {
      simulation.objects.delete("claims", "data-x-1");
      simulation.objects.delete("pods", "x-1");
      await simulation.untilAtRest("the member is replaced", () => {
        const [raft] = simulation.members.rafts.values();
        return raft?.everMembers === 4 && isWell(simulation);
      });
    },
  },
  { name: "a flag changes", prepare: healthyCluster, run: patched({ server: { snapshotCount: 20_000 } }) },
  {
    name: "the cluster sleeps and wakes up",
    prepare: healthyCluster,
    run: async (simulation) => {
      simulation.objects.patch("clusters", "x", { spec: { replicas: 0 } });
      const isAsleep = (): boolean =>
        findCondition(simulation.cluster().status?.conditions, "Hibernated")?.status === "True";
      await simulation.untilAtRest("the cluster sleeps", isAsleep);
      await patched({ replicas: 3 })(simulation);
    },
  },
  {
    name: "a backup is taken",
    prepare: healthyCluster,
    run: async (simulation) => {
      simulation.objects.create("backups", etcdBackup());
      await simulation.untilAtRest("it is verified", () => phaseOf(simulation, "backups", "b") === "Verified");
    },
  },
  {
    name: "a schedule takes backups, and deletes old ones",
    prepare: healthyCluster,
    run: async (simulation) => {
      simulation.objects.create("schedules", etcdBackupSchedule({ retention: { keepLast: 1 } }));
      const isTaken = (count: number): boolean =>
        simulation.nature.jobs.everStored === count &&
        simulation.nature.jobs.stored.size === 1 &&
        simulation.objects.list("backups").length === 1 &&
        simulation.objects
          .list("backups")
          .every((backup) => phaseOf(simulation, "backups", backup.metadata.name) === "Verified");
      for (const count of [1, 2]) {
        await simulation.untilAtRest("the schedule is seen", () => true);
        simulation.passTime(HOUR_MS);
        await simulation.untilAtRest(`backup ${String(count)} is taken`, () => isTaken(count));
      }
    },
  },
  {
    name: "a backup is restored into another cluster",
    prepare: async (simulation) => {
      await healthyCluster(simulation, { ...SPEC, replicas: 1 });
      simulation.objects.create("backups", etcdBackup());
      await simulation.untilAtRest("it is verified", () => phaseOf(simulation, "backups", "b") === "Verified");
    },
    run: async (simulation) => {
      simulation.objects.create("restores", etcdRestore({ template: SPEC }));
      const isRestored = (): boolean => phaseOf(simulation, "restores", "r") === "Completed" && isWell(simulation, "y");
      await simulation.untilAtRest("it is restored", isRestored);
    },
  },
  {
    name: "a cluster is deleted after a last backup",
    prepare: (simulation) =>
      healthyCluster(simulation, {
        ...SPEC,
        deletionPolicy: "SnapshotThenDelete",
        finalBackup: { storeRef: { name: "s" } },
      }),
    run: async (simulation) => {
      simulation.objects.delete("clusters", "x");
      const isGone = (): boolean =>
        simulation.objects.list("clusters").length + simulation.objects.list("claims").length === 0;
      await simulation.untilAtRest("all is gone", isGone);
    },
  },
];
