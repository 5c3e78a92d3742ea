import type { NodeIdentity } from "../api/observe-identity.ts";
import type { Config } from "../config/config.ts";
import { FEATURE_GATE_NAMES, FEATURE_GATES, WHOLE_STAGES } from "../config/feature-gates.ts";

/** What the metrics tell of this process: what it runs on, and which features are on. */
export function nodeIdentity({ featureGates }: Config): NodeIdentity {
  // Whether a whole stage was switched on is in its gates by now.
  const stages = Object.entries(WHOLE_STAGES).map(([name, stage]) => {
    const gates = FEATURE_GATE_NAMES.filter((gate) => FEATURE_GATES[gate].stage === stage);
    const isEnabled = gates.every((gate) => featureGates[gate] && !FEATURE_GATES[gate].default);
    return { name, stage: stage.toUpperCase(), isEnabled };
  });
  const gates = FEATURE_GATE_NAMES.map((name) => {
    const stage = FEATURE_GATES[name].stage.toUpperCase();
    return { name, stage, isEnabled: featureGates[name] };
  });
  return { runtime: `node ${process.version}`, features: [...stages, ...gates] };
}
