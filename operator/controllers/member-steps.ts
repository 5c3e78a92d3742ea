import type { EndpointClients } from "../etcd/endpoint-clients.ts";
import type { EtcdFailureKind, EtcdResult } from "../etcd/etcd-failure.ts";
import { addLearner, moveLeader, promoteLearner, removeMember, replaceMember } from "../etcd/member-operations.ts";
import type { AddLearner, FinishReplace, MoveLeader, Promote, RemoveMember, StartReplace } from "../plan/step.ts";
import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { peerUrl } from "../types/names.ts";
import type { ControllerWorld } from "./controller-world.ts";
import { clientEndpoint } from "./look-at-members.ts";
import type { Observed } from "./observe-cluster.ts";
import { StepError } from "./step-error.ts";

/** A change of who is a member, or of who leads. */
export type MemberStep = AddLearner | Promote | MoveLeader | RemoveMember | StartReplace | FinishReplace;

type Client = ReturnType<EndpointClients["of"]>;

/** What a step came to: done, or asked for and not possible yet, for a reason that passes by itself. */
export type StepOutcome = { readonly kind: "Done" } | { readonly kind: "NotYet"; readonly why: string };

/** It was done. */
export const DONE: StepOutcome = { kind: "Done" };

/** Asks the cluster for a change. Every one may be repeated. */
export async function changeMembers(
  { members: clients }: ControllerWorld,
  cluster: EtcdCluster,
  step: MemberStep,
  observed: Observed,
): Promise<StepOutcome> {
  const anyone = (): Client => clients.of(...votersEndpoints(observed));
  const leader = (): Client => clients.of(leaderEndpoint(observed));
  switch (step.kind) {
    case "AddLearner":
      return outcomeOf(await addLearner(anyone(), peerUrl(cluster.metadata, step.ordinal)));
    case "Promote":
      return outcomeOf(await promoteLearner(anyone(), step.memberId), (promotion) => promotion === "Promoted");
    case "MoveLeader":
      return outcomeOf(await moveLeader(clients.of(endpointAt(observed, step.from.ordinal)), step.to.memberId));
    case "RemoveMember":
      return outcomeOf(await removeMember(anyone(), step.memberId));
    case "StartReplace":
      return outcomeOf(await replaceMember(leader(), step.memberId, peerUrl(cluster.metadata, step.ordinal)));
    case "FinishReplace": {
      const replaced = await replaceMember(leader(), step.memberId, peerUrl(cluster.metadata, step.ordinal));
      return outcomeOf(replaced, ({ phase }) => phase === "Replaced");
    }
  }
}

/** What passes by itself: members that were not in touch for long enough after the last change, or elect a leader. */
const PASSING: ReadonlySet<EtcdFailureKind> = new Set(["Refused", "NotLeader", "NoQuorum"]);

/** The server knows better whether a change is possible now, and is asked again. */
function outcomeOf<T>(result: EtcdResult<T>, isDone: (value: T) => boolean = () => true): StepOutcome {
  if (result.ok) return isDone(result.value) ? DONE : { kind: "NotYet", why: "it has not caught up yet" };
  const { kind, message } = result.failure;
  if (PASSING.has(kind)) return { kind: "NotYet", why: `the members do not take it yet (${message})` };
  throw new StepError(message);
}

/** Of the healthy voters, the leader first: whoever else is asked has to hand the change on to it. */
function votersEndpoints({ observation, objects }: Observed): readonly string[] {
  const voters = observation.pods.flatMap(({ ordinal, process }) =>
    process.kind === "Running" && process.healthy && !process.isLearner
      ? [{ ordinal, isLeader: process.isLeader }]
      : [],
  );
  const endpoints = voters
    .toSorted((a, b) => Number(b.isLeader) - Number(a.isLeader))
    .flatMap(({ ordinal }) => addressOf(objects, ordinal) ?? []);
  if (endpoints.length === 0) throw new StepError("no healthy voter can be asked for the change");
  return endpoints;
}

function leaderEndpoint(observed: Observed): string {
  const leader = observed.observation.pods.find(({ process }) => process.kind === "Running" && process.isLeader);
  if (!leader) throw new StepError("no member leads at the moment, and only the leader can replace a member");
  return endpointAt(observed, leader.ordinal);
}

function endpointAt({ objects }: Observed, ordinal: number): string {
  const address = addressOf(objects, ordinal);
  if (address === undefined) throw new StepError(`the pod of ordinal ${String(ordinal)} has no address`);
  return address;
}

function addressOf({ pods }: Observed["objects"], ordinal: number): string | undefined {
  const found = pods.find((each) => each.ordinal === ordinal);
  return found && clientEndpoint(found.pod);
}
