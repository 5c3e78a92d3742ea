import { kubectl } from "../../../tools/kubernetes/cluster.ts";
import type { OperatorDeployment } from "./operator-deployment.ts";

const LOG_LINES = 40;

/** Everything that helps to understand why a scenario failed: objects, conditions, events and the operator's log. */
export async function diagnosis(namespace: string, operator: OperatorDeployment): Promise<string> {
  const shown: readonly (readonly [title: string, text: Promise<string>])[] = [
    [
      "clusters",
      read(
        namespace,
        "get",
        "etcdclusters",
        "--output=jsonpath={range .items[*]}{.metadata.name}: {.spec}{'\\n'}{range .status.conditions[*]}  {.type}={.status} {.reason}: {.message}{'\\n'}{end}  operation: {.status.operation}{'\\n'}{range .status.members[*]}  {.name} {.id} {.role} {.phase} healthy={.healthy} {.message}{'\\n'}{end}{end}",
      ),
    ],
    [
      "objects",
      read(
        namespace,
        "get",
        "pods,persistentvolumeclaims,jobs,etcdbackups,etcdrestores,etcdbackupschedules",
        "--output=wide",
      ),
    ],
    ["events", read(namespace, "get", "events", "--sort-by=.metadata.creationTimestamp")],
    ["operator", operator.logTail(LOG_LINES)],
  ];
  const parts = await Promise.all(shown.map(async ([title, text]) => `--- ${title}\n${indented(await text)}`));
  return parts.join("\n");
}

function read(namespace: string, ...args: readonly string[]): Promise<string> {
  return kubectl(`--namespace=${namespace}`, ...args).catch(String);
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
