import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  makeInformer,
  type Informer,
  type KubernetesObject,
  type V1PersistentVolume,
  type V1PersistentVolumeClaim,
} from "@kubernetes/client-node";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { kubeconfigPath, volumesFolder } from "./places.ts";
import { PROVISIONER_READY } from "./provisioner-program.ts";
import { isToReclaim, volumeFor, wantedVolume } from "./provisioning.ts";

/** The provisioner of the storage class `standard`: a folder per claim, which goes with the claim. */
const RECONNECT_MS = 500;

const config = new KubeConfig();
config.loadFromFile(kubeconfigPath);
const api = config.makeApiClient(CoreV1Api);

const claims = makeInformer(config, "/api/v1/persistentvolumeclaims", () =>
  api.listPersistentVolumeClaimForAllNamespaces(),
);
const volumes = makeInformer(config, "/api/v1/persistentvolumes", () => api.listPersistentVolume());

for (const event of ["add", "update"] as const) {
  claims.on(event, (claim) => void provision(claim));
  volumes.on(event, (volume) => void reclaim(volume));
}
await Promise.all([keepWatching(claims, "claims"), keepWatching(volumes, "volumes")]);
console.log(PROVISIONER_READY);

async function provision(claim: V1PersistentVolumeClaim): Promise<void> {
  const name = wantedVolume(claim);
  if (name === undefined) return;
  mkdirSync(join(volumesFolder, name), { recursive: true });
  await unlessDone("made", name, () => api.createPersistentVolume({ body: volumeFor(claim, name, volumesFolder) }));
}

async function reclaim(volume: V1PersistentVolume): Promise<void> {
  const name = volume.metadata?.name;
  if (name === undefined || !isToReclaim(volume)) return;
  rmSync(join(volumesFolder, name), { recursive: true, force: true });
  await unlessDone("removed", name, () => api.deletePersistentVolume({ name }));
}

/** An event may come twice: what is there already, or gone already, is as wanted. */
async function unlessDone(done: string, name: string, call: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await call();
      console.log(`${done} ${name}`);
      return;
    } catch (error) {
      if (error instanceof ApiException && [404, 409].includes(error.code)) return;
      console.error(`${name} could not be ${done}, tried again: ${String(error)}`);
      await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
  }
}

async function keepWatching<T extends KubernetesObject>(informer: Informer<T>, what: string): Promise<void> {
  const start = async (): Promise<void> => {
    try {
      await informer.start();
    } catch (error) {
      again(error);
    }
  };
  const again = (error: unknown): void => {
    console.error(`the watch of ${what} ended, begun again: ${String(error)}`);
    setTimeout(() => void start(), RECONNECT_MS);
  };
  informer.on("error", again);
  await start();
}
