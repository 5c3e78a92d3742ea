import { hexId, idOfHex } from "../../../operator/types/hex-id.ts";
import type { Condition } from "../../../operator/types/condition.ts";
import type { EtcdCluster } from "../../../operator/types/etcd-cluster.ts";
import type { EtcdClusterStatus } from "../../../operator/types/etcd-cluster-status.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { NamedClient } from "../observer/hash-members.ts";
import type { Observer } from "../observer/observer.ts";
import type { End } from "../observer/same-end.ts";
import { isReady, type KubeEvent, type Pod } from "./kube-objects.ts";
import type { TestCase } from "./test-case.ts";

const SETTLE_LIMIT_MS = 240_000;
const POLL_MS = 300;

/** A cluster that a scenario does things to, while it is observed. */
export class ClusterUnderTest {
  readonly name: string;
  readonly observer: Observer;
  readonly #test: TestCase;

  constructor(test: TestCase, name: string, observer: Observer) {
    this.name = name;
    this.observer = observer;
    this.#test = test;
  }

  async object(): Promise<EtcdCluster> {
    const object = await this.#test.objects.cluster(this.name);
    if (!object) throw new Error(`there is no EtcdCluster ${this.name}`);
    return object;
  }

  async status(): Promise<EtcdClusterStatus> {
    return (await this.object()).status ?? {};
  }

  pods(): Promise<readonly Pod[]> {
    return this.#test.objects.pods(this.name);
  }

  async pod(ordinal: number): Promise<Pod> {
    const name = `${this.name}-${String(ordinal)}`;
    const pod = (await this.pods()).find(({ metadata }) => metadata.name === name);
    if (!pod) throw new Error(`there is no pod ${name}`);
    return pod;
  }

  /** UIDs of the claims, by name. */
  async claims(): Promise<ReadonlyMap<string, string>> {
    const claims = await this.#test.objects.claims(this.name);
    return new Map(claims.map(({ metadata }) => [metadata.name, metadata.uid]));
  }

  /** Ids of the members, by the names of their pods. */
  async memberIds(): Promise<ReadonlyMap<string, string>> {
    const { members = [] } = await this.status();
    return new Map(members.flatMap(({ name, id }) => (id === undefined ? [] : [[name, id] as const])));
  }

  async events(reason: string): Promise<readonly KubeEvent[]> {
    return (await this.#test.objects.events(this.name)).filter((event) => event.reason === reason);
  }

  async scale(replicas: number): Promise<void> {
    await this.#test.kubectl("scale", `etcdcluster/${this.name}`, `--replicas=${String(replicas)}`);
  }

  async patch(spec: object): Promise<void> {
    const patch = JSON.stringify({ spec });
    await this.#test.kubectl("patch", "etcdcluster", this.name, "--type=merge", `--patch=${patch}`);
  }

  /** Deletes pods by name, together; what then happens to them is the scenario's doing. */
  async deletePods(...ordinals: readonly number[]): Promise<void> {
    const pods = await Promise.all(ordinals.map((ordinal) => this.pod(ordinal)));
    this.observer.blameUs(pods.map(({ metadata }) => metadata.uid));
    await this.#test.kubectl("delete", "pod", "--wait=false", ...pods.map(({ metadata }) => metadata.name));
  }

  /** Waits until the object is as wanted; what it is instead is told when the time is over. */
  async until(what: string, isSo: (object: EtcdCluster) => boolean, timeoutMs = SETTLE_LIMIT_MS): Promise<EtcdCluster> {
    let last: EtcdCluster | undefined;
    try {
      return await waitUntil(
        what,
        async () => {
          last = await this.object();
          return isSo(last) ? last : undefined;
        },
        { timeoutMs, everyMs: POLL_MS },
      );
    } catch (error) {
      throw new Error(`${this.name}: waited ${String(timeoutMs / 1000)} s until ${what}; it is ${shown(last)}`, {
        cause: error,
      });
    }
  }

  /**
   * Waits until that many members vote and serve, nothing is in flight, and all pods are ready; gives the seconds that it
   * took. The status alone may be of a moment before the scenario did something.
   */
  async settled(replicas: number, timeoutMs = SETTLE_LIMIT_MS): Promise<string> {
    const startMs = performance.now();
    const isReadyNow = async (): Promise<true | undefined> => {
      const pods = await this.pods();
      return pods.length === replicas && pods.every(isServing) ? true : undefined;
    };
    await waitUntil(`${this.name} has ${String(replicas)} ready pods`, isReadyNow, { timeoutMs, everyMs: POLL_MS });
    await this.until(`it has settled at ${String(replicas)}`, (object) => isSettled(object, replicas), timeoutMs);
    await waitUntil(`${this.name} has ${String(replicas)} ready pods`, isReadyNow, { timeoutMs, everyMs: POLL_MS });
    return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
  }

  /** Waits until a pod is there anew, ready, with nothing in flight. */
  async recovered(replicas: number, formerUids: readonly string[], timeoutMs = SETTLE_LIMIT_MS): Promise<string> {
    const startMs = performance.now();
    await waitUntil(
      `the pods of ${this.name} are there anew`,
      async () => {
        const pods = await this.pods();
        return pods.length >= replicas && !pods.some(({ metadata }) => formerUids.includes(metadata.uid))
          ? true
          : undefined;
      },
      { timeoutMs, everyMs: POLL_MS },
    );
    await this.settled(replicas, timeoutMs);
    return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
  }

  /** The members that serve. */
  async serving(): Promise<readonly NamedClient[]> {
    return waitUntil(
      `a member of ${this.name} serves`,
      () => {
        const members = this.observer.serving();
        return members.length > 0 ? members : undefined;
      },
      { timeoutMs: 120_000, everyMs: POLL_MS },
    );
  }

  /** Makes the member of that ordinal the leader. */
  async moveLeaderTo(ordinal: number): Promise<void> {
    const target = idOfHex((await this.memberIds()).get(`${this.name}-${String(ordinal)}`) ?? "");
    if (target === undefined) throw new Error(`${this.name}-${String(ordinal)} is no member`);
    await waitUntil(
      `${hexId(target)} leads`,
      async () => {
        for (const { client } of await this.serving()) {
          const { header, leader } = await client.maintenance.status({});
          if (leader === target) return true;
          if (header?.memberId === leader) await client.maintenance.moveLeader({ targetID: target });
        }
        return undefined;
      },
      { timeoutMs: 120_000, everyMs: POLL_MS },
    );
  }

  /** The raft term that members know of. */
  async raftTerm(): Promise<number> {
    const [first] = await this.serving();
    return Number((await first?.client.maintenance.status({}))?.raftTerm);
  }

  /** Where the cluster has come to, for I8. */
  async end(): Promise<End> {
    const object = await this.object();
    const { members = [], clusterID = "", conditions } = object.status ?? {};
    const [pods, claims] = await Promise.all([this.pods(), this.claims()]);
    return {
      clusterId: clusterID,
      voters: members.flatMap(({ name, role }) => (role === "Leader" || role === "Follower" ? [name] : [])),
      learners: members.flatMap(({ name, role }) => (role === "Learner" ? [name] : [])),
      pods: pods.map(({ metadata }) => metadata.name),
      claims: [...claims.keys()],
      everMembers: this.observer.everMembers().size,
      isAvailable: condition(conditions, "Available")?.status === "True",
      isSettled: isSettled(object, object.spec.replicas),
    };
  }
}

function isServing(pod: Pod): boolean {
  return isReady(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** A condition by its type. */
export function condition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((each) => each.type === type);
}

function isSettled({ metadata, status = {} }: EtcdCluster, replicas: number): boolean {
  return (
    status.observedGeneration === metadata.generation &&
    status.operation === undefined &&
    status.replicas === replicas &&
    status.readyReplicas === replicas &&
    status.voters === replicas &&
    (status.learners ?? 0) === 0 &&
    condition(status.conditions, "Available")?.status === "True" &&
    condition(status.conditions, "Progressing")?.reason === "AsWanted"
  );
}

function shown(object: EtcdCluster | undefined): string {
  if (!object) return "not there";
  const { replicas, readyReplicas, voters, learners, operation, conditions = [] } = object.status ?? {};
  const said = conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
  return `${JSON.stringify({ replicas, readyReplicas, voters, learners, operation })}\n  ${said.join("\n  ")}`;
}
