import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { templateHash } from "./template-hash.ts";

/** Who changed the template of a cluster's pods last: its own spec, or another operator. */
export type RolloutCause = "Spec" | "Operator";

/**
 * What a pod template was made of, for an annotation: the generation of the spec, and a short name of the parts of it that
 * go into the template.
 */
export function templateSource({ metadata: { generation = 0 }, spec }: EtcdCluster): string {
  const { image, version, server, resources, scheduling } = spec;
  return `${String(generation)}/${templateHash([image, version ?? "", server, resources ?? "", scheduling])}`;
}

/**
 * Whether a template was made of what the spec says now. The same generation is the same spec, also where a newer
 * definition of the kind fills in more defaults; another one may differ in what no template knows, such as its replicas.
 */
export function isSpecOf(cluster: EtcdCluster, source: string): boolean {
  const [generation, parts] = templateSource(cluster).split("/");
  const [knownGeneration, knownParts] = source.split("/");
  return generation === knownGeneration || parts === knownParts;
}
