import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { join } from "node:path";
import { PROVISIONER } from "./cluster-objects.ts";
import { nodeName } from "./places.ts";

const CLAIM_PROVISIONER = "volume.kubernetes.io/storage-provisioner";
const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";

/** The name of the volume for a claim that waits for us; undefined if it does not. */
export function wantedVolume({ metadata, spec }: V1PersistentVolumeClaim): string | undefined {
  const annotations = metadata?.annotations ?? {};
  const ours = annotations[CLAIM_PROVISIONER] === PROVISIONER && annotations[SELECTED_NODE] !== undefined;
  const waits = spec?.volumeName === undefined && metadata?.deletionTimestamp === undefined;
  return ours && waits && metadata?.uid !== undefined ? `pvc-${metadata.uid}` : undefined;
}

/**
 * A volume over a folder of the node. Of type `local`, not `hostPath`: kubelet then gives the folder to the pod's fsGroup,
 * as it does with a disk of a cloud.
 */
export function volumeFor(claim: V1PersistentVolumeClaim, name: string, folder: string): V1PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER } },
    spec: {
      accessModes: claim.spec?.accessModes ?? ["ReadWriteOnce"],
      capacity: { storage: claim.spec?.resources?.requests?.["storage"] ?? "1Gi" },
      volumeMode: "Filesystem",
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: claim.spec?.storageClassName ?? "",
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: claim.metadata?.name ?? "",
        namespace: claim.metadata?.namespace ?? "",
        uid: claim.metadata?.uid ?? "",
      },
      local: { path: join(folder, name) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [nodeName] }] },
          ],
        },
      },
    },
  };
}

/** Whether a volume's claim is gone and its data has to go too: reclaim policy Delete, which a user may change to Retain. */
export function isToReclaim({ metadata, spec, status }: V1PersistentVolume): boolean {
  return (
    metadata?.annotations?.[PROVISIONED_BY] === PROVISIONER &&
    spec?.persistentVolumeReclaimPolicy === "Delete" &&
    status?.phase === "Released" &&
    metadata.deletionTimestamp === undefined
  );
}
