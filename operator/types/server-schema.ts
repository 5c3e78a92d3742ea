import { DURATION, DURATION_PATTERN } from "./duration.ts";
import { QUANTITY } from "./quantity.ts";
import type { Schema } from "./schema.ts";
import { EXTRA_ARGS } from "./server-flags.ts";

const AUTO_COMPACTION = {
  type: "object",
  description: "What history to keep. Without it all history is kept until a client compacts (kube-apiserver does).",
  required: ["retention"],
  properties: {
    mode: {
      type: "string",
      description: "Whether history is measured as a time or as a number of revisions.",
      enum: ["Periodic", "Revision"],
      default: "Periodic",
    },
    retention: {
      type: "string",
      description: "What to keep: a duration such as 1h with mode Periodic, a number of revisions with mode Revision.",
      maxLength: 32,
    },
  },
  "x-kubernetes-validations": [
    {
      rule: `self.mode != 'Periodic' || self.retention.matches('${DURATION_PATTERN}')`,
      message: "autoCompaction.retention must be a duration such as 30m or 1h with mode Periodic",
      fieldPath: ".retention",
    },
    {
      rule: "self.mode != 'Revision' || self.retention.matches('^[1-9][0-9]{0,14}$')",
      message: "autoCompaction.retention must be a number of revisions such as 10000 with mode Revision",
      fieldPath: ".retention",
    },
  ],
} as const satisfies Schema;

const isDuration = (field: string): string => `self.${field}.matches('${DURATION_PATTERN}')`;
const fiveTimes = (value: string): string => Array.from({ length: 5 }, () => value).join(" + ");

/** `spec.server`: how the server runs. */
export const SERVER = {
  type: "object",
  description: "How the server runs.",
  default: {},
  properties: {
    quotaBackendBytes: {
      ...QUANTITY,
      description:
        "Size of the data at which writes are refused, at most half of storage.size: a member that catches up holds the old data and the new for a while. Half of storage.size, and at most 8Gi, when left out.",
    },
    autoCompaction: AUTO_COMPACTION,
    snapshotCount: {
      type: "integer",
      format: "int64",
      description: "Applied entries after which the log is covered by a new snapshot; 10000 when left out.",
      "x-kubernetes-validations": [
        { rule: "self >= 100 && self <= 10000000", message: "snapshotCount must be 100 to 10000000; 10000 suits most" },
      ],
    },
    heartbeatInterval: {
      ...DURATION,
      description: "Time between two heartbeats of the leader: about one round trip between members.",
      default: "100ms",
    },
    electionTimeout: {
      ...DURATION,
      description: "Time without a leader before an election: ten round trips between members, at most 50s.",
      default: "1s",
    },
    extraArgs: EXTRA_ARGS,
  },
  "x-kubernetes-validations": [
    {
      rule: `!${isDuration("heartbeatInterval")} || (duration(self.heartbeatInterval) >= duration('10ms') && duration(self.heartbeatInterval) <= duration('5s'))`,
      message: "heartbeatInterval must be 10ms to 5s: write about one round trip between members, such as 100ms",
      fieldPath: ".heartbeatInterval",
    },
    {
      rule: `!${isDuration("heartbeatInterval")} || !${isDuration("electionTimeout")} || (duration(self.electionTimeout) >= ${fiveTimes("duration(self.heartbeatInterval)")} && duration(self.electionTimeout) <= duration('50s'))`,
      message:
        "electionTimeout must be at least 5 times heartbeatInterval and at most 50s: write 10 times heartbeatInterval",
      fieldPath: ".electionTimeout",
    },
  ],
} as const satisfies Schema;
