import { assert } from "../base/assert.ts";
import type { NodeId } from "../base/ids.ts";
import { isJoint } from "./configuration.ts";
import type { Configuration } from "./configuration.ts";
import type { Progress } from "./progress.ts";

/** Crashes on a configuration that no sequence of changes can make. */
export function checkConfiguration(configuration: Configuration, progress: ReadonlyMap<NodeId, Progress>): void {
  const { incoming, outgoing, learners, learnersNext, autoLeave } = configuration;
  for (const ids of [incoming, outgoing, learners, learnersNext]) {
    for (const id of ids) assert(progress.has(id), `member ${id} has a progress`);
  }
  for (const id of learnersNext) {
    assert(outgoing.has(id), `future learner ${id} is an outgoing voter`);
    assert(progress.get(id)?.isLearner === false, `future learner ${id} is not a learner yet`);
  }
  for (const id of learners) {
    assert(!outgoing.has(id) && !incoming.has(id), `learner ${id} is not a voter`);
    assert(progress.get(id)?.isLearner === true, `learner ${id} is marked as such`);
  }
  if (isJoint(configuration)) return;
  assert(learnersNext.size === 0, "only a joint configuration has future learners");
  assert(!autoLeave, "only a joint configuration can be left");
}
