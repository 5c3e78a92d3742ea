import type { EndpointClients } from "../etcd/endpoint-clients.ts";
import type { EtcdResult } from "../etcd/etcd-failure.ts";
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

/** What a step came to: done, or asked for and not possible yet. */
export type StepOutcome = "Done" | "NotYet";

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
      return valueOf(await promoteLearner(anyone(), step.memberId)) === "Promoted" ? "Done" : "NotYet";
    case "MoveLeader":
      valueOf(await moveLeader(clients.of(endpointAt(observed, step.from.ordinal)), step.to.memberId));
      return "Done";
    case "RemoveMember":
      return outcomeOf(await removeMember(anyone(), step.memberId));
    case "StartReplace":
      return outcomeOf(await replaceMember(leader(), step.memberId, peerUrl(cluster.metadata, step.ordinal)));
    case "FinishReplace": {
      const { phase } = valueOf(await replaceMember(leader(), step.memberId, peerUrl(cluster.metadata, step.ordinal)));
      return phase === "Replaced" ? "Done" : "NotYet";
    }
  }
}

/** The server refuses a change while its members are not in touch long enough; it knows better, and is asked again. */
function outcomeOf(result: EtcdResult<unknown>): StepOutcome {
  if (!result.ok && result.failure.kind === "Refused") return "NotYet";
  valueOf(result);
  return "Done";
}

function valueOf<T>(result: EtcdResult<T>): T {
  if (!result.ok) throw new StepError(result.failure.message);
  return result.value;
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
