import { DemoError } from "./demo-error.ts";
import { example, s3Server } from "./manifests.ts";
import { PortForward } from "./port-forward.ts";
import { say, type } from "./shell.ts";
import { findTarget, prepareTarget, type Target, type TargetOptions } from "./target.ts";

const OPERATOR_NAMESPACE = "kvorum-system";
const RELEASE = "kvorum";
const KEYS = 20;
const WAIT = "--timeout=5m";

export interface DemoOptions extends TargetOptions {
  readonly namespace: string;
}

/** The whole demo; what it makes stays until `tearDown`. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const target = await prepareTarget(options);
  const demo = new Demo(target, options.namespace);
  await demo.install();
  await demo.cluster();
  await demo.write();
  await demo.scale();
  await demo.deletePod();
  await demo.backUp();
  await demo.restore();
  const down =
    options.context === undefined ? "npm run demo -- --down" : `npm run demo -- --down --context ${options.context}`;
  say(`done. Look around with kubectl; "${down}" removes everything`);
}

/** Removes all that the demo has made: clusters first, so that their operator still looks after them. */
export async function tearDown(options: DemoOptions): Promise<void> {
  if (options.context === undefined) {
    const { down } = await import("../kubernetes/cluster.ts");
    await down({ log: console.log });
    return;
  }
  const { kubectl, helm } = await findTarget(options);
  await type(kubectl, ["delete", "namespace", options.namespace, "--ignore-not-found", WAIT]);
  await type(helm, ["uninstall", RELEASE, `--namespace=${OPERATOR_NAMESPACE}`, "--ignore-not-found", "--wait"]);
  await type(kubectl, ["delete", "namespace", OPERATOR_NAMESPACE, "--ignore-not-found", WAIT]);
  await type(kubectl, ["delete", "crd", "--selector=", ...CRDS]);
}

const CRDS = ["etcdclusters", "etcdbackups", "etcdbackupschedules", "etcdbackupstores", "etcdrestores"].map(
  (plural) => `${plural}.kvorum.io`,
);

class Demo {
  readonly #target: Target;
  readonly #namespace: string;

  constructor(target: Target, namespace: string) {
    this.#target = target;
    this.#namespace = namespace;
  }

  async install(): Promise<void> {
    say("the operator, by its chart");
    const { image, imageId, pullPolicy } = this.#target;
    const colon = image.lastIndexOf(":");
    await type(this.#target.helm, [
      "upgrade",
      "--install",
      RELEASE,
      "charts/kvorum",
      `--namespace=${OPERATOR_NAMESPACE}`,
      "--create-namespace",
      `--set=image.repository=${image.slice(0, colon)},image.tag=${image.slice(colon + 1)},image.pullPolicy=${pullPolicy}`,
      ...(imageId === undefined ? [] : [`--set-string=podAnnotations.image-built=${imageId}`]),
      "--wait",
      WAIT,
    ]);
    const namespace = `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${this.#namespace}\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n`;
    await type(this.#target.kubectl, ["apply", "-f", "-"], { input: namespace });
  }

  async cluster(): Promise<void> {
    say("a cluster of three");
    await this.#kubectl(["apply", "-f", "-"], this.#ofOurImage(example("cluster.yaml")));
    await this.#kubectl(["wait", "--for=condition=Available", "etcdcluster/example", WAIT]);
    await this.#voters("example", 3);
    await this.#kubectl(["get", "etcdcluster,pods,pvc"]);
  }

  async write(): Promise<void> {
    say("some data, by etcdctl");
    await this.#withClient("example", async (etcdctl) => {
      for (let n = 1; n <= KEYS; n++)
        await etcdctl(["put", `demo/${String(n).padStart(3, "0")}`, `value ${String(n)}`], n > 3);
      console.log(`  … ${String(KEYS)} in all`);
      await etcdctl(["get", "--prefix", "demo/", "--limit=3"]);
    });
  }

  async scale(): Promise<void> {
    for (const replicas of [1, 3, 5, 3]) {
      say(`scale to ${String(replicas)}: one member at a time`);
      await this.#kubectl(["scale", "etcdcluster", "example", `--replicas=${String(replicas)}`]);
      await this.#voters("example", replicas);
      await this.#kubectl(["get", "etcdcluster", "example"]);
    }
    await this.#kubectl(["events", "--for=etcdcluster/example"]);
  }

  async deletePod(): Promise<void> {
    say("delete a pod: it comes back as itself");
    await this.#kubectl(["delete", "pod", "example-0"]);
    await this.#kubectl(["wait", "--for=condition=Ready", "pod/example-0", WAIT]);
    await this.#kubectl(["wait", "--for=condition=Available", "etcdcluster/example", WAIT]);
  }

  async backUp(): Promise<void> {
    say("an S3 server in a pod, and a backup to it");
    const { s3Image, image, pullPolicy } = this.#target;
    await this.#kubectl(["apply", "-f", "-"], s3Server({ image: s3Image, helper: image, pullPolicy }));
    await this.#kubectl(["wait", "--for=condition=Ready", "pod/s3", WAIT]);
    await this.#kubectl(["apply", "-f", "-"], example("backup.yaml"));
    await this.#kubectl(["wait", "--for=condition=Verified", "etcdbackup/before-upgrade", WAIT]);
    await this.#kubectl(["get", "etcdbackup", "before-upgrade", "-o", "yaml"]);
  }

  async restore(): Promise<void> {
    say("the backup as a second cluster");
    await this.#kubectl(["apply", "-f", "-"], this.#ofOurImage(example("restore.yaml")));
    await this.#kubectl(["wait", "--for=condition=Complete", "etcdrestore/copy-of-example", WAIT]);
    await this.#voters("copy", 3);
    say("both have the same data");
    const keys: string[] = [];
    for (const cluster of ["example", "copy"]) {
      await this.#withClient(cluster, async (etcdctl) => {
        keys.push(await etcdctl(["get", "--prefix", "demo/", "--keys-only=false"], true));
        await etcdctl(["get", "demo/001"]);
      });
    }
    if (keys[0] !== keys[1] || !keys[0]?.includes("value 20"))
      throw new DemoError("the restored cluster has other data");
    console.log(`${String(KEYS)} of ${String(KEYS)} keys are equal`);
  }

  /** All members vote, and no more pods than that are there. */
  async #voters(cluster: string, count: number): Promise<void> {
    await this.#kubectl(["wait", `--for=jsonpath={.status.voters}=${String(count)}`, `etcdcluster/${cluster}`, WAIT]);
    await this.#kubectl([
      "wait",
      `--for=jsonpath={.status.readyReplicas}=${String(count)}`,
      `etcdcluster/${cluster}`,
      WAIT,
    ]);
    await this.#kubectl(["wait", `--for=jsonpath={.status.replicas}=${String(count)}`, `etcdcluster/${cluster}`, WAIT]);
  }

  /** The examples run the operator's own image; on a node that must not pull, they have to say so. */
  #ofOurImage(yaml: string): string {
    if (this.#target.pullPolicy !== "Never") return yaml;
    return yaml.replaceAll(/^( *)replicas: /gm, "$1image:\n$1  pullPolicy: Never\n$1replicas: ");
  }

  async #kubectl(args: readonly string[], input?: string): Promise<void> {
    await type(this.#target.kubectl, [`--namespace=${this.#namespace}`, ...args], input === undefined ? {} : { input });
  }

  async #withClient(
    cluster: string,
    work: (etcdctl: (args: readonly string[], isQuiet?: boolean) => Promise<string>) => Promise<void>,
  ): Promise<void> {
    const forward = await PortForward.start(this.#target.kubectl, this.#namespace, `${cluster}-client`);
    try {
      const env = { ETCDCTL_ENDPOINTS: forward.endpoint };
      await work((args, isQuiet = false) => type(this.#target.etcdctl, args, { env, isQuiet }));
    } finally {
      forward.stop();
    }
  }
}
