import { describe, expect, test } from "vitest";
import { backupJob } from "../../../../operator/resources/backup-job.ts";
import type { PodSpec } from "../../../../operator/resources/kubernetes-objects.ts";
import { podTemplate } from "../../../../operator/resources/pod-template.ts";
import { BUCKET, etcdBackup, etcdBackupStore, etcdCluster, VOLUME } from "../../../support/operator-objects.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";

/** Kinds of volumes that the restricted profile of the Pod Security Standards allows. */
const ALLOWED_VOLUMES = new Set([
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "persistentVolumeClaim",
  "projected",
  "secret",
]);

/** What the restricted profile has against a pod. */
function objections(pod: PodSpec): readonly string[] {
  const { securityContext, containers, initContainers = [], volumes } = pod;
  const found: string[] = [];
  const demand = (isMet: boolean, what: string): void => void (isMet || found.push(what));
  demand(!Object.keys(pod).some((field) => field.startsWith("host")), "host namespaces");
  demand(securityContext.runAsNonRoot && securityContext.runAsUser > 0, "runs as root");
  demand(securityContext.seccompProfile.type === "RuntimeDefault", "seccomp");
  for (const volume of volumes) {
    const kinds = Object.keys(volume).filter((field) => field !== "name");
    demand(
      kinds.every((kind) => ALLOWED_VOLUMES.has(kind)),
      `volume ${kinds.join()}`,
    );
  }
  for (const container of [...containers, ...initContainers]) {
    const security: Readonly<Record<string, unknown>> = { ...container.securityContext };
    demand(security["allowPrivilegeEscalation"] === false, `${container.name}: privilege escalation`);
    demand(security["readOnlyRootFilesystem"] === true, `${container.name}: root file system`);
    demand(security["privileged"] === undefined, `${container.name}: privileged`);
    demand(JSON.stringify(security["capabilities"]) === '{"drop":["ALL"]}', `${container.name}: capabilities`);
    demand(!(container.ports ?? []).some((port) => "hostPort" in port), `${container.name}: host ports`);
  }
  return found;
}

const store = etcdBackupStore(VOLUME);
const member = podTemplate(etcdCluster(), PLATFORM).spec;
const task = { purpose: "delete", key: "k" } as const;

describe("the restricted profile of the Pod Security Standards has nothing against", () => {
  test.each<[string, PodSpec]>([
    ["a member", member],
    ["a seed that restores", podTemplate(etcdCluster(), PLATFORM, { store, key: "k" }).spec],
    ["a Job with a volume", backupJob({ backup: etcdBackup(), store, task }, PLATFORM).spec.template.spec],
    [
      "a Job with a bucket",
      backupJob({ backup: etcdBackup(), store: etcdBackupStore(BUCKET), task }, PLATFORM).spec.template.spec,
    ],
  ])("%s", (_, pod) => {
    expect(objections(pod)).toEqual([]);
    expect(pod.automountServiceAccountToken).toBe(false);
  });

  test("but it would have against others", () => {
    const security = { allowPrivilegeEscalation: true, capabilities: { add: ["SYS_ADMIN"] } };
    const loose = {
      ...member,
      hostNetwork: true,
      securityContext: { ...member.securityContext, runAsUser: 0 },
      containers: member.containers.map((container) => ({ ...container, securityContext: security })),
      volumes: [{ name: "host", hostPath: { path: "/" } }],
    } as unknown as PodSpec;
    expect(objections(loose)).toEqual([
      "host namespaces",
      "runs as root",
      "volume hostPath",
      "member: privilege escalation",
      "member: root file system",
      "member: capabilities",
    ]);
  });
});
