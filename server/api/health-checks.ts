import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import { AlarmType, RangeRequestSchema } from "../proto/gen/rpc_pb.js";
import type { Node } from "../node/node.ts";

/** What a probe found; `reason` is empty when all is well. */
export interface CheckResult {
  readonly isHealthy: boolean;
  readonly reason: string;
}

const HEALTHY: CheckResult = { isHealthy: true, reason: "" };
const HEALTH_KEY = new TextEncoder().encode("health");

/** The probes by name, as etcd's /livez and /readyz list them. */
export const CHECK_NAMES = {
  livez: ["serializable_read"],
  readyz: ["data_corruption", "serializable_read", "linearizable_read", "non_learner"],
} as const;
export type CheckName = (typeof CHECK_NAMES)["readyz"][number];

/** One check of /livez or /readyz; what it finds is counted. */
export async function runCheck(node: Node, name: CheckName, probe: keyof typeof CHECK_NAMES): Promise<CheckResult> {
  const result = await check(node, name);
  node.tallies.onCheck(probe, name, result.isHealthy);
  return result;
}

async function check(node: Node, name: CheckName): Promise<CheckResult> {
  switch (name) {
    case "serializable_read":
      return read(node, true);
    case "linearizable_read":
      return read(node, false);
    case "data_corruption":
      return node.machine.alarms.has(AlarmType.CORRUPT) ? unhealthy("alarm activated: CORRUPT") : HEALTHY;
    case "non_learner":
      return node.isLearner ? unhealthy("not supported for learner") : HEALTHY;
  }
}

/** What /health is asked with. */
interface HealthOptions {
  readonly isSerializable: boolean;
  readonly excludedAlarms: ReadonlySet<string>;
}

/** The older /health: alarms, a leader, and a read that works; counted, too. */
export async function checkHealth(node: Node, options: HealthOptions): Promise<CheckResult> {
  const result = await health(node, options);
  node.tallies.onHealth(result.isHealthy);
  return result;
}

async function health(node: Node, options: HealthOptions): Promise<CheckResult> {
  for (const { alarm } of node.machine.alarms.list(AlarmType.NONE)) {
    const name = AlarmType[alarm];
    if (!options.excludedAlarms.has(name)) return unhealthy(`ALARM ${name}`);
  }
  if (!options.isSerializable && node.raftStatus.leader === 0n) return unhealthy("RAFT NO LEADER");
  const { isHealthy, reason } = await read(node, options.isSerializable);
  return isHealthy ? HEALTHY : unhealthy(`RANGE ERROR:${reason}`);
}

async function read(node: Node, isSerializable: boolean): Promise<CheckResult> {
  try {
    if (!isSerializable) await node.linearizable();
    await node.resolve(node.machine.mvcc.planRange(create(RangeRequestSchema, { key: HEALTH_KEY, limit: 1n })));
    return HEALTHY;
  } catch (error) {
    return unhealthy(messageOf(error));
  }
}

function unhealthy(reason: string): CheckResult {
  return { isHealthy: false, reason };
}
