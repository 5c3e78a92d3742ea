import type { EtcdClusterSpecInput } from "../../../operator/types/etcd-cluster-spec.ts";
import { kubectl, kubectlWithInput, loadS3Gateway } from "../../../tools/kubernetes/cluster.ts";
import { s3Server } from "../../../tools/demo/manifests.ts";
import type { Verdicts } from "../../support/verdicts.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { Observer, type Finding } from "../observer/observer.ts";
import { ClusterUnderTest } from "./cluster-under-test.ts";
import type { KubeReader } from "./kube-reader.ts";
import { NamespaceObjects } from "./namespace-objects.ts";
import type { OperatorDeployment } from "./operator-deployment.ts";

const CREATE_LIMIT_MS = 120_000;
const DEFAULT_WRITES_PER_SECOND = 40;

/** What all scenarios of a run share. */
export interface Stage {
  readonly reader: KubeReader;
  readonly operator: OperatorDeployment;
  readonly verdicts: Verdicts;
  readonly image: string;
}

/** One run of one scenario, in a namespace of its own. */
export class TestCase {
  readonly namespace: string;
  readonly objects: NamespaceObjects;
  readonly operator: OperatorDeployment;
  readonly #stage: Stage;
  readonly #observed = new Map<ClusterUnderTest, Observer>();
  #failures = 0;

  constructor(stage: Stage, namespace: string) {
    this.namespace = namespace;
    this.#stage = stage;
    this.operator = stage.operator;
    this.objects = new NamespaceObjects(stage.reader, namespace);
  }

  get hasFailed(): boolean {
    return this.#failures > 0;
  }

  check(isPassed: boolean, sentence: string): boolean {
    if (!isPassed) this.#failures++;
    return this.#stage.verdicts.check(isPassed, `  ${sentence}`);
  }

  /** Runs kubectl in the scenario's namespace, as a user would. */
  kubectl(...args: readonly string[]): Promise<string> {
    return kubectl(`--namespace=${this.namespace}`, ...args);
  }

  /** What kubectl says to what is to be refused; undefined if it was taken. */
  async refusal(...args: readonly string[]): Promise<string | undefined> {
    return this.kubectl(...args).then(
      () => undefined,
      (error: unknown) => String((error as { readonly stderr?: string }).stderr ?? error),
    );
  }

  async apply(manifest: string | object): Promise<void> {
    const text = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
    await kubectlWithInput(text, `--namespace=${this.namespace}`, "apply", "-f", "-");
  }

  /** Makes the namespace, under the restricted profile, once nothing is left of an earlier run. */
  async open(): Promise<void> {
    await this.#deleteNamespace();
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace, labels } };
    await kubectlWithInput(JSON.stringify(namespace), "create", "-f", "-");
    await waitUntil(
      "the namespace admits pods",
      () => this.kubectl("get", "serviceaccount", "default", "--output=name"),
      { timeoutMs: CREATE_LIMIT_MS },
    );
  }

  /** Applies an EtcdCluster and observes it until `conclude`. */
  async createCluster(
    name: string,
    spec: EtcdClusterSpecInput,
    { writesPerSecond = DEFAULT_WRITES_PER_SECOND }: { readonly writesPerSecond?: number } = {},
  ): Promise<ClusterUnderTest> {
    const defaults = { storage: { size: "1Gi" }, image: { pullPolicy: "Never" } } as const;
    const object = { apiVersion: "kvorum.io/v1alpha1", kind: "EtcdCluster", metadata: { name } };
    await this.apply({ ...object, spec: { ...defaults, ...spec } });
    return this.observe(name, writesPerSecond);
  }

  /** Observes a cluster that something else makes. */
  observe(name: string, writesPerSecond: number): ClusterUnderTest {
    const observer = new Observer({ objects: this.objects, cluster: name, writesPerSecond });
    observer.start();
    const cluster = new ClusterUnderTest(this, name, observer);
    this.#observed.set(cluster, observer);
    return cluster;
  }

  /** An S3 server in a pod, and the EtcdBackupStore `s3` that points to it. */
  async startS3(): Promise<void> {
    const image = await loadS3Gateway();
    await this.apply(s3Server({ image, helper: this.#stage.image, pullPolicy: "Never" }));
    await this.kubectl("wait", "--for=condition=Ready", "pod/s3", "--timeout=90s");
  }

  /** Judges what was observed of a cluster, now rather than at the end of the scenario. */
  async judge(cluster: ClusterUnderTest, options: { readonly isAlive?: boolean } = {}): Promise<void> {
    const observer = this.#observed.get(cluster);
    this.#observed.delete(cluster);
    const findings: readonly Finding[] = (await observer?.finish(options)) ?? [];
    for (const { isKept, sentence } of findings) this.check(isKept, sentence);
  }

  /** Judges all clusters that are still observed. */
  async judgeAll(): Promise<void> {
    for (const cluster of this.#observed.keys()) await this.judge(cluster);
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    const left = [...this.#observed.values()];
    this.#observed.clear();
    await Promise.all(left.map((observer) => observer.stop()));
  }

  /** Removes the namespace and all that is in it. */
  async remove(): Promise<void> {
    const startMs = performance.now();
    const error = await this.#deleteNamespace().catch((reason: unknown) => reason);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    this.check(error === undefined, `the namespace goes with all that is in it (${seconds} s)`);
  }

  async #deleteNamespace(): Promise<void> {
    await kubectl("delete", "namespace", this.namespace, "--ignore-not-found", "--timeout=100s");
  }
}
