import type { Schema } from "./schema.ts";

/** Flags of the server that have a field in the spec, and that field. */
export const FLAGS_WITH_A_FIELD = {
  "heartbeat-interval": "spec.server.heartbeatInterval",
  "election-timeout": "spec.server.electionTimeout",
  "quota-backend-bytes": "spec.server.quotaBackendBytes",
  "snapshot-count": "spec.server.snapshotCount",
  "auto-compaction-mode": "spec.server.autoCompaction.mode",
  "auto-compaction-retention": "spec.server.autoCompaction.retention",
} as const;

/** Flags that only the operator may set: who a member is, where it listens and stores, how it joins, how safe it is. */
export const OPERATOR_FLAGS = [
  "name",
  "data-dir",
  "wal-dir",
  "config-file",
  "listen-peer-urls",
  "listen-client-urls",
  "listen-client-http-urls",
  "listen-metrics-urls",
  "initial-advertise-peer-urls",
  "advertise-client-urls",
  "initial-cluster",
  "initial-cluster-state",
  "initial-cluster-token",
  "strict-reconfig-check",
  "max-learners",
  "force-new-cluster",
  "unsafe-no-fsync",
] as const;

/** Beginnings of flags that only the operator may set: other ways to find members, and TLS. */
export const OPERATOR_FLAG_PREFIXES = ["discovery", "peer-", "client-", "tls-", "force-new-cluster-"] as const;

/** More flags of TLS, which a later version of this API turns on as a whole. */
export const TLS_FLAGS = ["cert-file", "key-file", "trusted-ca-file", "auto-tls", "self-signed-cert-validity"] as const;

const owned = [...OPERATOR_FLAGS, ...TLS_FLAGS].map((flag) => `'${flag}'`).join(", ");
const prefixes = OPERATOR_FLAG_PREFIXES.map((prefix) => `!self.name.startsWith('${prefix}')`).join(" && ");
const fields = Object.entries(FLAGS_WITH_A_FIELD)
  .map(([flag, field]) => `'${flag}': '${field}'`)
  .join(", ");

/** `spec.server.extraArgs`: whatever else the server can be told. */
export const EXTRA_ARGS = {
  type: "array",
  description: "More flags for the server, for those that have no field here. See the reference of the server's flags.",
  maxItems: 32,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
  items: {
    type: "object",
    required: ["name", "value"],
    properties: {
      name: {
        type: "string",
        description: "Name of the flag without dashes, such as max-txn-ops.",
        maxLength: 64,
        "x-kubernetes-validations": [
          {
            rule: "self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",
            message: "must be the name of a flag without leading dashes and without its value, such as max-txn-ops",
          },
        ],
      },
      value: { type: "string", description: "Value of the flag, such as 256 or true.", maxLength: 1024 },
    },
    "x-kubernetes-validations": [
      {
        rule: `!(self.name in {${fields}})`,
        message: "this flag has a field of its own in spec.server: write that instead",
        messageExpression: `'--' + self.name + ' has a field of its own: write ' + {${fields}}[self.name] + ' instead'`,
        fieldPath: ".name",
      },
      {
        rule: `!(self.name in [${owned}]) && ${prefixes}`,
        message: "the operator sets this flag itself: leave it out",
        messageExpression: "'--' + self.name + ' is set by the operator alone: leave it out'",
        fieldPath: ".name",
      },
    ],
  },
} as const satisfies Schema;

/** Whether a flag may stand in `spec.server.extraArgs`, as the rules above have it. */
export function isFreeFlag(name: string): boolean {
  return (
    !(name in FLAGS_WITH_A_FIELD) &&
    ![...OPERATOR_FLAGS, ...TLS_FLAGS].some((flag) => flag === name) &&
    !OPERATOR_FLAG_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}
