import type { ContainerSecurity, PodSecurity } from "./kubernetes-objects.ts";

/** The user in the image; it owns nothing but its volume. */
const USER = 65_532;

/** Tells Kubernetes to run a pod as nobody in particular, as the restricted profile wants it. */
export const POD_SECURITY: PodSecurity = {
  runAsNonRoot: true,
  runAsUser: USER,
  runAsGroup: USER,
  fsGroup: USER,
  // Changing the owner of every file at every start takes minutes on a full volume.
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};

/** Tells Kubernetes that a container needs no privilege and writes nothing outside its volumes. */
export const CONTAINER_SECURITY: ContainerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
