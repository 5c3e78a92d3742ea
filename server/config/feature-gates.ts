import { parseBool } from "./go-value.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

interface GateRow {
  readonly default: boolean;
  readonly stage: "alpha" | "beta";
  readonly help: string;
}

/** etcd's feature gates, in the order in which its help names them. */
export const FEATURE_GATES = {
  CompactHashCheck: {
    default: false,
    stage: "alpha",
    help: "The leader compares the members' compaction hashes.",
  },
  InitialCorruptCheck: {
    default: false,
    stage: "alpha",
    help: "A member compares its data with the others before it serves.",
  },
  LeaseCheckpoint: {
    default: false,
    stage: "alpha",
    help: "The leader tells the others how long leases still have, so that a new leader does not renew them.",
  },
  LeaseCheckpointPersist: {
    default: false,
    stage: "alpha",
    help: "That knowledge survives a restart. Needs LeaseCheckpoint.",
  },
  SetMemberLocalAddr: {
    default: false,
    stage: "alpha",
    help: "Peers are called from the first address that this member advertises.",
  },
  StopGRPCServiceOnDefrag: {
    default: false,
    stage: "alpha",
    help: "Clients are sent away while the member defragments.",
  },
  TxnModeWriteWithSharedBuffer: {
    default: true,
    stage: "beta",
    help: "How bbolt serves reads within a write transaction. Without effect here.",
  },
} as const satisfies Record<string, GateRow>;

/** The name of one gate. */
export type FeatureGate = keyof typeof FEATURE_GATES;

/** Which gates are open. */
export type FeatureGates = Readonly<Record<FeatureGate, boolean>>;

/** The names of all gates. */
export const FEATURE_GATE_NAMES = Object.keys(FEATURE_GATES) as readonly FeatureGate[];

/** Names under which all gates of a stage are opened at once. */
export const WHOLE_STAGES = { AllAlpha: "alpha", AllBeta: "beta" } as const;

/** Reads `Name=true,Other=false` over the defaults. A gate named by itself outranks AllAlpha and AllBeta. */
export function parseFeatureGates(text: string): Parsed<FeatureGates> {
  const named = new Map<string, boolean>();
  for (const part of text.split(",").filter((piece) => piece !== "")) {
    const [name = "", value] = part.split(/=(.*)/s, 2).map((piece) => piece.trim());
    if (value === undefined) return rejected(`missing bool value for ${name}`);
    const parsed = parseBool(value);
    if (!parsed.ok) {
      return rejected(
        `invalid value of ${name}=${value}, err: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      );
    }
    if (!Object.hasOwn(FEATURE_GATES, name) && !Object.hasOwn(WHOLE_STAGES, name))
      return rejected(`unrecognized feature gate: ${name}`);
    named.set(name, parsed.value);
  }
  return accepted(gatesFrom(named));
}

function gatesFrom(named: ReadonlyMap<string, boolean>): FeatureGates {
  const ofStage = { alpha: named.get("AllAlpha"), beta: named.get("AllBeta") };
  const entries = FEATURE_GATE_NAMES.map((name) => {
    const row = FEATURE_GATES[name];
    return [name, named.get(name) ?? ofStage[row.stage] ?? row.default] as const;
  });
  return Object.freeze(Object.fromEntries(entries)) as FeatureGates;
}
