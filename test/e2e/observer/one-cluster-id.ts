import { momentOf, type Look } from "./look.ts";

/** I4: there is one cluster id, ever: in what members answer, in the member list and in the status. */
export function oneClusterId(looks: readonly Look[]): readonly string[] {
  const first = new Map<string, string>();
  for (const look of looks) {
    const at = momentOf(look, looks[0]);
    const seen = (id: string | undefined, where: string): void => {
      if (id !== undefined && !first.has(id)) first.set(id, `${id} (${where} at ${at})`);
    };
    for (const { name, process } of look.pods) seen(process?.clusterId, name);
    seen(look.listedClusterId, "the member list");
    seen(look.latchedClusterId, "status.clusterID");
  }
  return first.size > 1 ? [`there are ${String(first.size)} cluster ids: ${[...first.values()].join(", ")}`] : [];
}
