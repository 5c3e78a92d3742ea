import { QUANTITY } from "./quantity.ts";
import type { Schema } from "./schema.ts";

const LABEL_VALUE = { type: "string", maxLength: 63 } as const;

const TOLERATION = {
  type: "object",
  properties: {
    key: { type: "string", description: "Key of the taint; empty with operator Exists tolerates all.", maxLength: 317 },
    operator: { type: "string", description: "How the value is compared.", enum: ["Equal", "Exists"] },
    value: { ...LABEL_VALUE, description: "Value of the taint, with operator Equal." },
    effect: {
      type: "string",
      description: "Effect of the taint; all when left out.",
      enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"],
    },
    tolerationSeconds: {
      type: "integer",
      format: "int64",
      description: "How long a NoExecute taint is tolerated; for ever when left out.",
    },
  },
} as const satisfies Schema;

const TOPOLOGY_SPREAD = {
  type: "object",
  required: ["topologyKey"],
  properties: {
    topologyKey: {
      type: "string",
      description: "Label of nodes whose values are the places to spread over, such as topology.kubernetes.io/zone.",
      minLength: 1,
      maxLength: 317,
    },
    maxSkew: {
      type: "integer",
      format: "int32",
      description: "How many members more one place may hold than another.",
      default: 1,
      minimum: 1,
      maximum: 7,
    },
    whenUnsatisfiable: {
      type: "string",
      description: "What to do with a pod that would break this: run it anyway, or leave it pending.",
      enum: ["ScheduleAnyway", "DoNotSchedule"],
      default: "ScheduleAnyway",
    },
  },
} as const satisfies Schema;

/** `spec.scheduling`: where the pods run. */
export const SCHEDULING = {
  type: "object",
  description: "Where the pods run.",
  default: {},
  properties: {
    podAntiAffinity: {
      type: "string",
      description:
        "Whether two members may share a node: Preferred avoids it, Required leaves a pod pending instead, None does not care.",
      enum: ["Preferred", "Required", "None"],
      default: "Preferred",
    },
    topologySpread: {
      type: "array",
      description:
        "How members spread over groups of nodes. Over zones, as far as possible, when left out; [] for not at all.",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["topologyKey"],
      items: TOPOLOGY_SPREAD,
    },
    nodeSelector: {
      type: "object",
      description: "Labels that a node must have.",
      maxProperties: 32,
      "x-kubernetes-map-type": "atomic",
      additionalProperties: LABEL_VALUE,
    },
    tolerations: {
      type: "array",
      description: "Taints of nodes that the pods tolerate.",
      maxItems: 32,
      "x-kubernetes-list-type": "atomic",
      items: TOLERATION,
    },
    priorityClassName: { type: "string", description: "PriorityClass of the pods.", maxLength: 253 },
  },
} as const satisfies Schema;

const RESOURCE_LIST = {
  type: "object",
  maxProperties: 16,
  additionalProperties: QUANTITY,
} as const satisfies Schema;

/** `spec.resources`: what a member's container asks for and may use. */
export const RESOURCES = {
  type: "object",
  description: "What the container of a member asks for and may use at most.",
  properties: {
    requests: { ...RESOURCE_LIST, description: "What a node must have free, such as cpu: 500m and memory: 1Gi." },
    limits: { ...RESOURCE_LIST, description: "What it may use at most. Too little memory ends the process." },
  },
} as const satisfies Schema;
