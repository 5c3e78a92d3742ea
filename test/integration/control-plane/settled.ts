import type { KubeObject } from "./kube-api.ts";

/** The label by which a deployment knows its pods. */
export const DEPLOYMENT_LABEL = "deployment";

/** What a round of scaling still waits for; empty once every deployment is as wanted and its pods run. */
export function unsettled(
  wanted: ReadonlyMap<string, number>,
  deployments: readonly KubeObject[],
  pods: readonly KubeObject[],
): readonly string[] {
  const running = new Map<string, number>();
  for (const { metadata, status } of pods) {
    const name = metadata.labels?.[DEPLOYMENT_LABEL];
    if (name === undefined || status?.phase !== "Running" || metadata.deletionTimestamp !== undefined) continue;
    running.set(name, (running.get(name) ?? 0) + 1);
  }
  const found = new Map(deployments.map((deployment) => [deployment.metadata.name, deployment]));
  const waits: string[] = [];
  for (const [name, replicas] of wanted) {
    const deployment = found.get(name);
    const figures = deployment
      ? [deployment.spec?.replicas ?? 1, deployment.status?.readyReplicas ?? 0, running.get(name) ?? 0]
      : [];
    const { metadata, status } = deployment ?? {};
    const isObserved = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
    if (figures.length === 0) waits.push(`${name} is not there`);
    else if (!isObserved) waits.push(`${name}: its newest generation was not observed`);
    else if (figures.some((figure) => figure !== replicas))
      waits.push(`${name}: wanted ${String(replicas)}; spec, ready, running are ${figures.join(", ")}`);
  }
  return waits;
}
