import { LABELS } from "../../../operator/types/names.ts";
import type { EtcdBackup } from "../../../operator/types/etcd-backup.ts";
import type { EtcdCluster } from "../../../operator/types/etcd-cluster.ts";
import type { Claim, KubeEvent, List, Pod, StatefulSet } from "./kube-objects.ts";
import type { KubeReader } from "./kube-reader.ts";

/** What a scenario reads in its namespace. */
export class NamespaceObjects {
  readonly #reader: KubeReader;
  readonly #namespace: string;

  constructor(reader: KubeReader, namespace: string) {
    this.#reader = reader;
    this.#namespace = namespace;
  }

  cluster(name: string): Promise<EtcdCluster | undefined> {
    return this.custom<EtcdCluster>("etcdclusters", name);
  }

  /** An object of one of our kinds. */
  custom<T>(plural: string, name: string): Promise<T | undefined> {
    return this.#reader.find<T>(`/apis/kvorum.io/v1alpha1/namespaces/${this.#namespace}/${plural}/${name}`);
  }

  async backups(): Promise<readonly EtcdBackup[]> {
    const path = `/apis/kvorum.io/v1alpha1/namespaces/${this.#namespace}/etcdbackups`;
    return (await this.#reader.get<List<EtcdBackup>>(path)).items;
  }

  statefulSet(name: string): Promise<StatefulSet | undefined> {
    return this.#reader.find<StatefulSet>(`/apis/apps/v1/namespaces/${this.#namespace}/statefulsets/${name}`);
  }

  /** The members' pods, by name. */
  async pods(cluster: string): Promise<readonly Pod[]> {
    const { items } = await this.#reader.get<List<Pod>>(this.#selected("pods", cluster));
    return items.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "member");
  }

  async claims(cluster: string): Promise<readonly Claim[]> {
    return (await this.#reader.get<List<Claim>>(this.#selected("persistentvolumeclaims", cluster))).items;
  }

  /** What was told about an object, oldest first. */
  async events(regarding: string): Promise<readonly KubeEvent[]> {
    const { items } = await this.#reader.get<List<KubeEvent>>(
      `/apis/events.k8s.io/v1/namespaces/${this.#namespace}/events`,
    );
    return items
      .filter((event) => event.regarding?.name === regarding)
      .toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
  }

  #selected(plural: string, cluster: string): string {
    const selector = encodeURIComponent(`${LABELS.cluster}=${cluster}`);
    return `/api/v1/namespaces/${this.#namespace}/${plural}?labelSelector=${selector}`;
  }
}

function timeOf({ eventTime, metadata }: KubeEvent): string {
  return eventTime ?? metadata.creationTimestamp ?? "";
}
