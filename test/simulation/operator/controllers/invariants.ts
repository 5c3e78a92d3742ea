import { isTrue } from "../../../../operator/types/condition.ts";
import type { EtcdCluster } from "../../../../operator/types/etcd-cluster.ts";
import { ordinalOfPeerUrl } from "../../../../operator/types/names.ts";
import type { Simulation } from "./simulation.ts";
import { Breach } from "./simulated-raft.ts";
import { NAMESPACE } from "./stored-objects.ts";

/**
 * Whether at most one change is in flight in each cluster: at most one place where somebody joins, or where a voter does
 * not take part. A cluster that is put to sleep, wakes up or is deleted has all its pods stopped at once.
 */
export function watchOverChanges({ objects, members }: Simulation): void {
  for (const object of objects.list("clusters")) {
    const { metadata, spec, status } = object as unknown as EtcdCluster;
    const raft = members.rafts.get(metadata.uid);
    const isAllAtOnce =
      spec.replicas === 0 ||
      isTrue(status?.conditions, "Hibernated") ||
      metadata.deletionTimestamp !== undefined ||
      ["Hibernate", "Resume", "Delete"].includes(status?.operation?.type ?? "");
    if (!raft || isAllAtOnce) continue;
    const alive = new Set([...members.processes.values()].map(({ disk }) => disk.memberId));
    const changing = raft.members.filter(({ id, isLearner }) => isLearner || !alive.has(id));
    const places = new Set(
      changing.map(({ peerUrl }) => ordinalOfPeerUrl({ ...metadata, namespace: NAMESPACE }, peerUrl)),
    );
    if (raft.secondLearners > 0) throw new Breach("a second learner was asked for while one is on its way");
    if (places.size > 1) throw new Breach(`two changes are in flight, at ${[...places].join(" and ")}`);
    if (!raft.isQuorate && raft.voters.length > 2) throw new Breach("the quorum is lost, and nobody else took it");
  }
}
