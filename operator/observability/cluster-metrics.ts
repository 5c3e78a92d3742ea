import type { LabelledValue, Registry } from "./registry.ts";

/** What is exported about one cluster; what is undefined has no series. */
export interface ClusterSample {
  readonly wantedMembers: number;
  readonly readyMembers: number;
  readonly voters?: number;
  readonly learners?: number;
  /** Unix time of the newest backup that has been verified. */
  readonly lastBackupSeconds?: number;
  /** By condition type: True, False or Unknown. */
  readonly conditions: Readonly<Record<string, "True" | "False" | "Unknown">>;
  readonly members: readonly MemberSample[];
}

/** What is exported about one member. */
export interface MemberSample {
  readonly name: string;
  readonly isLeader: boolean;
  readonly dbSizeBytes?: number;
  readonly dbSizeInUseBytes?: number;
}

interface Known {
  readonly labels: Readonly<Record<string, string>>;
  readonly sample: ClusterSample;
}

const CONDITION_VALUES = { True: 1, False: 0, Unknown: -1 } as const;

/** The clusters' own gauges, `kvorum_cluster_*`: set at each look at a cluster, gone when it is forgotten. */
export class ClusterMetrics {
  readonly #clusters = new Map<string, Known>();

  constructor(registry: Registry) {
    const cluster = ["namespace", "cluster"];
    const each = (name: string, help: string, read: (sample: ClusterSample) => number | undefined): void =>
      registry.gaugeOf(name, help, () => this.#valuesOf(read), cluster);
    each("kvorum_cluster_wanted_members", "Members that the cluster should have.", (sample) => sample.wantedMembers);
    each("kvorum_cluster_ready_members", "Members whose pod is ready.", (sample) => sample.readyMembers);
    each("kvorum_cluster_voters", "Members that vote.", (sample) => sample.voters);
    each("kvorum_cluster_learners", "Members that do not vote yet.", (sample) => sample.learners);
    each(
      "kvorum_cluster_last_backup_timestamp_seconds",
      "When the newest verified backup was taken, in Unix time.",
      (sample) => sample.lastBackupSeconds,
    );
    registry.gaugeOf(
      "kvorum_cluster_condition",
      "The cluster's conditions: 1 is True, 0 False, -1 Unknown.",
      () => this.#seriesOf(({ conditions }) => conditionSeries(conditions)),
      [...cluster, "type"],
    );
    const member = [...cluster, "member"];
    const eachMember = (name: string, help: string, read: (sample: MemberSample) => number | undefined): void =>
      registry.gaugeOf(name, help, () => this.#seriesOf(({ members }) => memberSeries(members, read)), member);
    eachMember("kvorum_cluster_member_leader", "1 for the member that leads.", ({ isLeader }) => Number(isLeader));
    eachMember("kvorum_cluster_member_db_size_bytes", "The member's database.", ({ dbSizeBytes }) => dbSizeBytes);
    eachMember(
      "kvorum_cluster_member_db_size_in_use_bytes",
      "The part of the member's database that holds data.",
      ({ dbSizeInUseBytes }) => dbSizeInUseBytes,
    );
  }

  /** What was found out about a cluster. */
  set(namespace: string, name: string, sample: ClusterSample): void {
    this.#clusters.set(`${namespace}/${name}`, { labels: { namespace, cluster: name }, sample });
  }

  /** The cluster is no more. */
  forget(namespace: string, name: string): void {
    this.#clusters.delete(`${namespace}/${name}`);
  }

  #valuesOf(read: (sample: ClusterSample) => number | undefined): readonly LabelledValue[] {
    return this.#seriesOf((sample) => {
      const value = read(sample);
      return value === undefined ? [] : [{ labels: {}, value }];
    });
  }

  #seriesOf(read: (sample: ClusterSample) => readonly LabelledValue[]): readonly LabelledValue[] {
    return [...this.#clusters.values()].flatMap(({ labels, sample }) =>
      read(sample).map((series) => ({ labels: { ...labels, ...series.labels }, value: series.value })),
    );
  }
}

function conditionSeries(conditions: ClusterSample["conditions"]): readonly LabelledValue[] {
  return Object.entries(conditions).map(([type, status]) => ({ labels: { type }, value: CONDITION_VALUES[status] }));
}

function memberSeries(
  members: readonly MemberSample[],
  read: (member: MemberSample) => number | undefined,
): readonly LabelledValue[] {
  return members.flatMap((member) => {
    const value = read(member);
    return value === undefined ? [] : [{ labels: { member: member.name }, value }];
  });
}
