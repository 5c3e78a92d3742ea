import type { podKind } from "../kube/kinds.ts";

/** What a container is said to wait for while nothing is the matter with it. */
const BEGINNING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);
/** As much of somebody else's words as a condition can bear. */
const WORDS_MAX = 300;

type PodStatus = NonNullable<(typeof podKind)["objects"]>["status"];
type ContainerStatus = NonNullable<NonNullable<PodStatus>["containerStatuses"]>[number];

/**
 * Why a member's container does not run, as its kubelet or the scheduler says; undefined while nothing is said to be the
 * matter. Says the same for as long as the matter is the same: the kubelet's own text of a crash loop counts seconds.
 */
export function kubeletTrouble({ status }: { readonly status?: PodStatus }): string | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const [trouble] = containers.flatMap((container) => containerTrouble(container) ?? []);
  if (trouble !== undefined) return trouble;
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status !== "False") return undefined;
  return said(scheduled.reason ?? "Unschedulable", scheduled.message);
}

function containerTrouble({ state, lastState }: ContainerStatus): string | undefined {
  const { waiting, terminated } = state ?? {};
  const ended = terminated ?? lastState?.terminated;
  const isCrashing = waiting?.reason === "CrashLoopBackOff" || terminated !== undefined;
  if (isCrashing && ended && ended.exitCode !== 0) {
    const reason = waiting?.reason ?? ended.reason ?? "Error";
    const last = ended.message?.trimEnd().split("\n").at(-1) ?? "";
    return said(`${reason}, exit code ${String(ended.exitCode)}`, last === "" ? ended.reason : last);
  }
  if (waiting?.reason === undefined || BEGINNING.has(waiting.reason)) return undefined;
  return said(waiting.reason, waiting.message);
}

function said(reason: string, words = ""): string {
  const short = words.length > WORDS_MAX ? `${words.slice(0, WORDS_MAX)}…` : words;
  return short === "" ? reason : `${reason}: ${short}`;
}
