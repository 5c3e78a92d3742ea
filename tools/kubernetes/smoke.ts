import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { down, kubectl, kubectlWithInput, loadImage, until, up, volumesFolder } from "./cluster.ts";
import { linkIsThere } from "./down.ts";
import { linkName, stateFolder } from "./places.ts";
import { runningStore } from "./running-store.ts";

/** `node tools/kubernetes/smoke.ts`: the throwaway cluster runs one pod of our image as the operator's pods run. */
const NAMESPACE = "smoke";
const USER = 65532;
const POD_LIMIT_MS = 240_000;
const GONE_LIMIT_MS = 120_000;

const ranBefore = runningStore() !== undefined;
let image = "";

const STEPS: readonly (readonly [what: string, act: () => Promise<void>])[] = [
  ["the cluster comes up", () => up()],
  [
    "the image of this checkout is built and loaded",
    async () => {
      image = await loadImage();
    },
  ],
  ["a pod under the restricted profile runs our image and writes to its claim", runPod],
  ["its log has the version of etcd that it stands for", readLog],
  ["its data lies in a folder of its volume, for its group", findData],
  ["the folder goes with the claim", removeClaim],
  ...(ranBefore ? [] : [["nothing of the cluster is left", takeDown] as const]),
];

let passed = 0;
for (const [what, act] of STEPS) {
  const startMs = performance.now();
  try {
    await act();
    passed++;
    console.log(`ok   ${what} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  } catch (error) {
    // Each needs the one before: what cannot be tried has failed too.
    console.error(`FAIL ${what}:`, error);
    break;
  }
}
console.log(`${String(passed)} passed, ${String(STEPS.length - passed)} failed`);
process.exitCode = passed === STEPS.length ? 0 : 1;

async function runPod(): Promise<void> {
  await kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s");
  for (const object of objects())
    // A fresh namespace has its service account a moment later, and admits no pod before.
    await until("the object is admitted", GONE_LIMIT_MS, () =>
      kubectlWithInput(JSON.stringify({ apiVersion: "v1", ...object }), "apply", "-f", "-"),
    );
  const phase = await until("the pod ends", POD_LIMIT_MS, async () => {
    const printed = await kubectl(
      "get",
      "pod",
      "etcd",
      `--namespace=${NAMESPACE}`,
      "--output=jsonpath={.status.phase}",
    );
    return printed === "Succeeded" || printed === "Failed" ? printed : undefined;
  });
  if (phase !== "Succeeded") throw new Error(await kubectl("describe", "pod", "etcd", `--namespace=${NAMESPACE}`));
}

function objects(): readonly object[] {
  const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  const pod = {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: USER,
      runAsGroup: USER,
      fsGroup: USER,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [container()],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
  };
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  return [
    { kind: "Namespace", metadata: { name: NAMESPACE, labels } },
    { kind: "PersistentVolumeClaim", metadata: { name: "data", namespace: NAMESPACE }, spec: claim },
    { kind: "Pod", metadata: { name: "etcd", namespace: NAMESPACE }, spec: pod },
  ];
}

function container(): object {
  return {
    name: "etcd",
    image,
    imagePullPolicy: "Never",
    command: ["sh", "-c", "etcd --version && echo kept > /data/file"],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  };
}

async function readLog(): Promise<void> {
  const log = await kubectl("logs", "etcd", `--namespace=${NAMESPACE}`);
  if (!log.includes("etcd Version: 3.6")) throw new Error(`its log is: ${log}`);
}

async function findData(): Promise<void> {
  const file = join(await volumeFolder(), "file");
  const { uid, gid } = statSync(file);
  if (uid !== USER || gid !== USER) throw new Error(`${file} belongs to ${String(uid)}:${String(gid)}`);
}

async function removeClaim(): Promise<void> {
  const folder = await volumeFolder();
  await kubectl("delete", "namespace", NAMESPACE, "--timeout=120s");
  await until(`${folder} is gone`, GONE_LIMIT_MS, () => (existsSync(folder) ? undefined : true));
  // The folder goes first, then the object that stands for it.
  await until("its volume is gone", GONE_LIMIT_MS, async () => {
    const volumes = await kubectl("get", "persistentvolumes", "--output=name");
    if (volumes.includes(folder.slice(volumesFolder.length + 1))) throw new Error(`volumes are left: ${volumes}`);
    return true;
  });
}

async function takeDown(): Promise<void> {
  await down();
  if (existsSync(stateFolder)) throw new Error(`left: ${readdirSync(stateFolder).join(", ")}`);
  if (linkIsThere()) throw new Error(`${linkName} is left`);
}

async function volumeFolder(): Promise<string> {
  const path = "--output=jsonpath={.spec.volumeName}";
  return join(volumesFolder, await kubectl("get", "persistentvolumeclaim", "data", `--namespace=${NAMESPACE}`, path));
}
