import type { StoreFlags } from "./open-store.ts";
import { restoreFetch } from "./restore-fetch.ts";
import { runJob, type JobEnvironment } from "./run-job.ts";

/** What `kvorum-operator restore-fetch` is told. */
export interface RestoreFetchFlags extends StoreFlags {
  readonly key: string;
  readonly sha256?: string | undefined;
  readonly dataDir: string;
  readonly clusterUid: string;
  /** The template is the same for all pods: in any other one there is nothing to do. */
  readonly seedPod: string;
  readonly pod: string;
  readonly peerHostSuffix: string;
  readonly peerPort: number;
}

/** Fills the volume of a new cluster's first member with a stored snapshot. */
export function restoreFetchInPod(flags: RestoreFetchFlags, environment: JobEnvironment): Promise<number> {
  return runJob(flags, environment, async (open, world) => {
    const { key, sha256, dataDir, clusterUid, seedPod, pod, peerHostSuffix, peerPort } = flags;
    if (pod !== seedPod) {
      world.log(`${pod} is not the seed ${seedPod}: it gets its data from the cluster`);
      return { ok: true, command: "restore-fetch", outcome: "NotSeed" };
    }
    const peerUrl = `http://${pod}.${peerHostSuffix}:${String(peerPort)}`;
    const member = { name: pod, peerUrl };
    const outcome = await restoreFetch({ open, key, sha256, dataFolder: dataDir, clusterUid, member, world });
    if (outcome.kind === "Owned") {
      world.log(`a member has the volume at ${dataDir} already: it is left alone`);
      return { ok: true, command: "restore-fetch", outcome: "Owned" };
    }
    return { ok: true, command: "restore-fetch", outcome: "Restored", ...outcome.marker };
  });
}
