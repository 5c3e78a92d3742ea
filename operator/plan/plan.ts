import { bootstrap } from "./bootstrap.ts";
import { clusterIdentity } from "./cluster-identity.ts";
import type { Decision } from "./decision.ts";
import { deletion } from "./deletion.ts";
import { hibernation } from "./hibernation.ts";
import { join } from "./join.ts";
import { learner } from "./learner.ts";
import { leave } from "./leave.ts";
import type { Observation } from "./observation.ts";
import { pause } from "./pause.ts";
import { type Quorate, hasQuorum } from "./quorum.ts";
import { quorumLost } from "./quorum-lost.ts";
import { repair } from "./repair.ts";
import { grow, shrink } from "./replicas.ts";
import { rollout } from "./rollout.ts";
import { strangers } from "./strangers.ts";
import { verdict } from "./verdict.ts";

/**
 * What the operator does next: exactly one step. Nothing is remembered but what the observation says was latched, so
 * that whoever asks, a new operator after a crash included, gets the same answer. The first rule that has something to
 * say decides.
 */
export function plan(observation: Observation): Decision {
  return (
    deletion(observation) ??
    pause(observation) ??
    clusterIdentity(observation) ??
    bootstrap(observation) ??
    hibernation(observation) ??
    (hasQuorum(observation) ? planWithQuorum(observation) : quorumLost(observation))
  );
}

/** What is begun is ended first; what is broken is mended next; only then the wanted size and template count. */
function planWithQuorum(observation: Quorate): Decision {
  return (
    strangers(observation) ??
    grow(observation) ??
    learner(observation) ??
    repair(observation) ??
    shrink(observation) ??
    join(observation) ??
    leave(observation) ??
    rollout(observation) ??
    verdict(observation)
  );
}
