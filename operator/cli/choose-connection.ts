import type { Connection } from "../kube/connection.ts";
import { inClusterConnection } from "./in-cluster-connection.ts";

/** What was said about where the API server is; "" for nothing. */
export interface ConnectionChoice {
  readonly kubeconfig: string;
  readonly context: string;
}

/**
 * The way to the API server: a kubeconfig that was named comes first, then the service account of the pod that we are in,
 * then the kubeconfig that kubectl would use.
 */
export async function chooseConnection(
  { kubeconfig, context }: ConnectionChoice,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Connection> {
  const isNamed = kubeconfig !== "" || context !== "" || (environment["KUBECONFIG"] ?? "") !== "";
  const inCluster = isNamed ? undefined : await inClusterConnection(environment);
  if (inCluster) return inCluster;
  const { kubeconfigConnection } = await import("../kube/kubeconfig-connection.ts");
  return kubeconfigConnection({ ...(kubeconfig !== "" && { file: kubeconfig }), ...(context !== "" && { context }) });
}
