import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FailpointName } from "../../../operator/config/failpoints.ts";
import { helmPath, kubeconfigPath, kubectl } from "../../../tools/kubernetes/cluster.ts";
import { repositoryRoot } from "../../../tools/repository-root.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { List, Pod } from "./kube-objects.ts";
import type { KubeReader } from "./kube-reader.ts";

const run = promisify(execFile);
const NAMESPACE = "kvorum-system";
const RELEASE = "kvorum";
const CHART = join(repositoryRoot, "charts/kvorum");
const HELM_LIMIT_MS = 240_000;
/** 128 and the signal 9. */
const KILLED = 137;
const KILL_LIMIT_MS = 180_000;

/** The operator under test, installed once by its chart. */
export class OperatorDeployment {
  readonly #reader: KubeReader;

  constructor(reader: KubeReader) {
    this.#reader = reader;
  }

  /** Installs the chart, or upgrades what is there; the annotation restarts an operator whose image has the same name. */
  async install(image: string): Promise<void> {
    const colon = image.lastIndexOf(":");
    await helm(
      "--create-namespace",
      `--set=image.repository=${image.slice(0, colon)},image.tag=${image.slice(colon + 1)},image.pullPolicy=Never`,
      `--set-string=podAnnotations.installed-at=${new Date().toISOString()}`,
      "--set-json=extraEnv=[]",
    );
  }

  /** Restarts the operator so that it kills itself whenever it comes by that failpoint; without one, never. */
  async arm(failpoint: FailpointName | undefined): Promise<void> {
    const env = failpoint === undefined ? [] : [{ name: "KVORUM_FAILPOINTS", value: failpoint }];
    await helm("--reuse-values", `--set-json=extraEnv=${JSON.stringify(env)}`);
    await waitUntil("one operator is left", async () => (await this.#pods()).length === 1 || undefined, {
      timeoutMs: HELM_LIMIT_MS,
      everyMs: 500,
    });
  }

  /** Resolves when an operator has died of kill -9; tells how often. */
  untilKilled(): Promise<number> {
    return waitUntil(
      "the operator is killed at its failpoint",
      async () => {
        const containers = (await this.#pods()).flatMap(({ status }) => status?.containerStatuses ?? []);
        return containers.find(({ lastState }) => lastState?.terminated?.exitCode === KILLED)?.restartCount;
      },
      { timeoutMs: KILL_LIMIT_MS, everyMs: 300 },
    );
  }

  /** The end of its log, of the process before too if there was one. */
  async logTail(lines: number): Promise<string> {
    const args = [`--namespace=${NAMESPACE}`, "logs", `deployment/${RELEASE}`, `--tail=${String(lines)}`];
    const [before, now] = await Promise.all([
      kubectl(...args, "--previous").catch(() => ""),
      kubectl(...args).catch(String),
    ]);
    return [before, now].filter((text) => text !== "").join("--- restarted ---\n");
  }

  async #pods(): Promise<readonly Pod[]> {
    const selector = encodeURIComponent(`app.kubernetes.io/instance=${RELEASE}`);
    const { items } = await this.#reader.get<List<Pod>>(
      `/api/v1/namespaces/${NAMESPACE}/pods?labelSelector=${selector}`,
    );
    return items;
  }
}

async function helm(...args: readonly string[]): Promise<void> {
  const common = ["upgrade", "--install", RELEASE, CHART, `--namespace=${NAMESPACE}`, "--wait", "--timeout=3m"];
  const environment = { ...process.env, KUBECONFIG: kubeconfigPath };
  await run(helmPath, [...common, ...args], { env: environment, timeout: HELM_LIMIT_MS });
}
