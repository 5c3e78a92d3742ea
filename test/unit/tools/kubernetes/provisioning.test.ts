import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { PROVISIONER } from "../../../../tools/kubernetes/cluster-objects.ts";
import { isToReclaim, volumeFor, wantedVolume } from "../../../../tools/kubernetes/provisioning.ts";

const claim = {
  metadata: {
    name: "data-a-0",
    namespace: "default",
    uid: "1-2-3",
    annotations: {
      "volume.kubernetes.io/storage-provisioner": PROVISIONER,
      "volume.kubernetes.io/selected-node": "node1",
    },
  },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "8Gi" } }, storageClassName: "standard" },
} satisfies V1PersistentVolumeClaim;

const released = {
  metadata: { name: "pvc-1-2-3", annotations: { "pv.kubernetes.io/provisioned-by": PROVISIONER } },
  spec: { persistentVolumeReclaimPolicy: "Delete" },
  status: { phase: "Released" },
} satisfies V1PersistentVolume;

describe("the provisioner", () => {
  test("makes a volume, named by its uid, for a claim whose pod has a node", () => {
    expect(wantedVolume(claim)).toBe("pvc-1-2-3");
  });

  test.each<readonly [string, V1PersistentVolumeClaim]>([
    ["of another class", { ...claim, metadata: { ...claim.metadata, annotations: {} } }],
    [
      "whose pod has no node yet",
      {
        ...claim,
        metadata: { ...claim.metadata, annotations: { "volume.kubernetes.io/storage-provisioner": PROVISIONER } },
      },
    ],
    ["that is bound", { ...claim, spec: { ...claim.spec, volumeName: "pvc-1-2-3" } }],
    ["that is being deleted", { ...claim, metadata: { ...claim.metadata, deletionTimestamp: new Date(0) } }],
  ])("makes none for a claim %s", (_, other) => {
    expect(wantedVolume(other)).toBeUndefined();
  });

  test("makes a volume as large as asked, for this very claim, which goes with it", () => {
    const { metadata, spec } = volumeFor(claim, "pvc-1-2-3", "/volumes");
    expect(metadata?.name).toBe("pvc-1-2-3");
    expect(spec).toMatchObject({
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "8Gi" },
      claimRef: { name: "data-a-0", namespace: "default", uid: "1-2-3" },
      local: { path: "/volumes/pvc-1-2-3" },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: "standard",
    });
  });

  test("takes back its volume when the claim is gone", () => {
    expect(isToReclaim(released)).toBe(true);
  });

  test.each<readonly [string, V1PersistentVolume]>([
    ["whose claim is there", { ...released, status: { phase: "Bound" } }],
    ["that a user retains", { ...released, spec: { persistentVolumeReclaimPolicy: "Retain" } }],
    ["of another provisioner", { ...released, metadata: { name: "pvc-1-2-3" } }],
    ["that is being deleted", { ...released, metadata: { ...released.metadata, deletionTimestamp: new Date(0) } }],
  ])("leaves alone a volume %s", (_, other) => {
    expect(isToReclaim(other)).toBe(false);
  });
});
