import { Resolver } from "node:dns/promises";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kubernetesBinaries } from "./binaries.ts";
import { makeCertificates } from "./certificates.ts";
import { clusterObjects } from "./cluster-objects.ts";
import { containerdAnswers, importImages } from "./containerd-images.ts";
import { apiServer, controllerManager, scheduler, storeProgram, type Store } from "./control-plane.ts";
import { removeCluster } from "./down.ts";
import { saveKernelSettings } from "./kernel-settings.ts";
import { kubectl, kubectlWithInput } from "./kubectl.ts";
import { openMachine } from "./machine.ts";
import { configureNode, containerd, kubelet, kubeProxy } from "./node.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { requirePackages } from "./packages.ts";
import { addresses, kubeconfigPath, nodeName, stateFolder, volumesFolder } from "./places.ts";
import { podCgroupsAreBusy } from "./pod-cgroups.ts";
import { COREDNS_IMAGE, PAUSE_IMAGE, programImage } from "./program-image.ts";
import { isRunning, logFile, startProgram } from "./program.ts";
import { provisioner, PROVISIONER_READY } from "./provisioner-program.ts";
import { requireRootOnLinux } from "./require-root.ts";
import { rememberStore, runningStore } from "./running-store.ts";
import { until } from "./until.ts";

/** How to start a cluster. */
export interface UpOptions {
  /** etcd 3.6 for a new cluster unless said otherwise; any for one that runs. */
  readonly store?: Store;
  readonly log?: (line: string) => void;
}

const API_LIMIT_MS = 300_000;
const READY_LIMIT_MS = 300_000;
const PATIENCE_MS = 30_000;

/**
 * Brings the cluster up: node Ready, DNS answers, claims are served. One that runs stays as it is; what is left of one that
 * broke is removed first.
 */
export async function up(options: UpOptions = {}): Promise<void> {
  requireRootOnLinux();
  await oneAtATime("kubernetes", async () => {
    requirePackages();
    kubernetesBinaries();
    await makeCluster(options);
  });
}

async function makeCluster({ store, log = console.log }: UpOptions): Promise<void> {
  const running = runningStore();
  if (running !== undefined && (await answersInTime())) {
    if (store !== undefined && running !== store)
      throw new Error(`a cluster with the store ${running} runs: take it down first`);
    log(`the cluster runs; kubeconfig: ${kubeconfigPath}`);
    return;
  }
  await removeCluster({ log });
  if (podCgroupsAreBusy())
    throw new Error("another kubelet runs pods on this machine: use its cluster by --context, or stop it");
  const startMs = performance.now();
  const step = (what: string): void => {
    log(`${((performance.now() - startMs) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  };
  try {
    await start(store ?? "etcd", step);
  } catch (error) {
    throw new Error(`the cluster did not come up; its logs are in ${join(stateFolder, "log")}`, { cause: error });
  }
  log(`the cluster is up; kubeconfig: ${kubeconfigPath}`);
}

async function start(store: Store, step: (what: string) => void): Promise<void> {
  mkdirSync(volumesFolder, { recursive: true });
  makeCertificates();
  configureNode();
  saveKernelSettings();
  await openMachine();
  rememberStore(store);
  step("the machine is there: own processes, mounts and network");
  for (const program of [storeProgram(store), containerd, apiServer]) startProgram(program);
  await Promise.all([loadProgramImages(step), untilApiAnswers(step)]);
  for (const program of [controllerManager, scheduler, kubelet, kubeProxy, provisioner]) startProgram(program);
  const objects = { apiVersion: "v1", kind: "List", items: clusterObjects() };
  await kubectlWithInput(JSON.stringify(objects), "apply", "--server-side", "-f", "-");
  await Promise.all([untilNodeIsReady(step), untilDnsAnswers(step), untilClaimsAreServed(step)]);
}

async function loadProgramImages(step: (what: string) => void): Promise<void> {
  await until("containerd answers", READY_LIMIT_MS, async () => (await containerdAnswers()) || undefined);
  await importImages(programImage("pause", PAUSE_IMAGE));
  await importImages(programImage("coredns", COREDNS_IMAGE));
  step("containerd runs and has the images of pods and DNS");
}

async function untilApiAnswers(step: (what: string) => void): Promise<void> {
  await until("the API server is ready", API_LIMIT_MS, async () => {
    if (!isRunning(apiServer.name)) throw new Error(`${apiServer.name} ended: see ${logFile(apiServer.name)}`);
    return kubectl("get", "--raw", "/readyz");
  });
  step("the API server is ready");
}

async function untilNodeIsReady(step: (what: string) => void): Promise<void> {
  await until("the node is Ready", READY_LIMIT_MS, async () => (await isReady()) || undefined);
  step("the node is Ready");
}

async function untilDnsAnswers(step: (what: string) => void): Promise<void> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([addresses.dnsService]);
  await until("cluster DNS answers", READY_LIMIT_MS, () => resolver.resolve4("kubernetes.default.svc.cluster.local"));
  step("cluster DNS answers");
}

async function untilClaimsAreServed(step: (what: string) => void): Promise<void> {
  await until("the provisioner watches", READY_LIMIT_MS, () =>
    readFileSync(logFile(provisioner.name), "utf8").includes(PROVISIONER_READY) ? true : undefined,
  );
  // Without it no pod of the namespace is admitted.
  await until("the default service account is there", READY_LIMIT_MS, () =>
    kubectl("get", "serviceaccount", "default", "--namespace=default", "--output=name"),
  );
  step("claims are served");
}

/** Whether a cluster that runs is in order: somebody may use it, and the machine may just be busy. */
async function answersInTime(): Promise<boolean> {
  return until("the node is Ready", PATIENCE_MS, async () => (await isReady()) || undefined).catch(() => false);
}

/** Whether the node is Ready and takes pods. */
async function isReady(): Promise<boolean> {
  const path = '{.spec.taints[*].key} {.status.conditions[?(@.type=="Ready")].status}';
  return kubectl("get", "node", nodeName, `--output=jsonpath=${path}`, "--request-timeout=5s").then(
    (printed) => printed.trim() === "True",
    () => false,
  );
}
