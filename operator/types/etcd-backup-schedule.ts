import { CONDITIONS } from "./condition.ts";
import { CRON_PATTERN } from "./cron.ts";
import { DURATION, DURATION_PATTERN } from "./duration.ts";
import { AGE } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import { nameRule } from "./name-rule.ts";
import type { CustomResource } from "./object-meta.ts";
import { referenceTo } from "./reference.ts";
import type { FromSchema, InputOf, Schema } from "./schema.ts";
import { counter, text, time } from "./status-fields.ts";

/** Longest name of a schedule: its backups add `-` and fourteen digits of the time. */
export const SCHEDULE_NAME_MAX = 41;

const RETENTION = {
  type: "object",
  description:
    "Which backups of this schedule to keep. What is beyond either bound is deleted together with its snapshot; the newest verified backup never is.",
  properties: {
    keepLast: {
      type: "integer",
      format: "int32",
      description: "How many to keep.",
      "x-kubernetes-validations": [
        {
          rule: "self >= 1 && self <= 1000",
          message: "retention.keepLast must be 1 to 1000: the last backup is always kept",
        },
      ],
    },
    maxAge: {
      ...DURATION,
      description: "How long to keep them, such as 720h.",
      "x-kubernetes-validations": [
        {
          rule: `self.matches('${DURATION_PATTERN}') && duration(self) >= duration('1m')`,
          message: "retention.maxAge must be a duration of at least 1m, such as 720h for 30 days (there is no unit d)",
        },
      ],
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "has(self.keepLast) || has(self.maxAge)",
      message: "retention needs a bound: write keepLast, maxAge or both, or leave retention out to keep every backup",
    },
  ],
} as const satisfies Schema;

/** `EtcdBackupSchedule.spec`. */
export const ETCD_BACKUP_SCHEDULE_SPEC = {
  type: "object",
  description: "What to back up, when, and for how long.",
  required: ["clusterRef", "storeRef", "schedule"],
  properties: {
    clusterRef: referenceTo("The EtcdCluster to back up."),
    storeRef: referenceTo("The EtcdBackupStore that the backups go to."),
    schedule: {
      type: "string",
      description:
        "When, as five cron fields (minute, hour, day of month, month, day of week) or @hourly, @daily, @weekly.",
      maxLength: 128,
      "x-kubernetes-validations": [
        {
          rule: `self.upperAscii().matches('${CRON_PATTERN}')`,
          message:
            "schedule must be five cron fields (minute hour day-of-month month day-of-week) such as '0 */6 * * *', or @hourly, @daily, @weekly, @monthly, @yearly; the time zone is spec.timeZone",
        },
      ],
    },
    timeZone: {
      type: "string",
      description: "Time zone of the schedule, by its IANA name such as Europe/Berlin.",
      default: "UTC",
      maxLength: 64,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$') && self != 'Local'",
          message: "timeZone must be an IANA name such as UTC or Europe/Berlin",
        },
      ],
    },
    suspend: { type: "boolean", description: "Whether no further backups are begun.", default: false },
    immediate: {
      type: "boolean",
      description:
        "Whether the first backup is taken as soon as this object is made, without waiting for the schedule.",
      default: false,
    },
    concurrencyPolicy: {
      type: "string",
      description: "What happens when a backup is due while another one runs: Forbid skips it.",
      enum: ["Forbid"],
      default: "Forbid",
    },
    startingDeadlineSeconds: {
      type: "integer",
      format: "int64",
      description: "How late a backup may begin; a later one is skipped. Any time when left out.",
      "x-kubernetes-validations": [
        {
          rule: "self >= 10 && self <= 604800",
          message: "startingDeadlineSeconds must be 10 to 604800: write how many seconds late a backup may begin",
        },
      ],
    },
    retention: RETENTION,
  },
} as const satisfies Schema;

/** `EtcdBackupSchedule.status`. */
export const ETCD_BACKUP_SCHEDULE_STATUS = {
  type: "object",
  description: "What the schedule did, and what comes next.",
  properties: {
    observedGeneration: counter("The metadata.generation that this status is about."),
    lastScheduleTime: time("The time of the schedule for which the last backup was begun."),
    lastSuccessfulTime: time("When the last backup that succeeded was complete."),
    nextScheduleTime: time("When the next backup is due."),
    skippedRuns: counter("Backups that were not begun: another one ran, or it was too late."),
    active: {
      type: "array",
      description: "The backups that run.",
      maxItems: 16,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: text("Name of the EtcdBackup.") },
      },
    },
    conditions: CONDITIONS,
  },
} as const satisfies Schema;

/** When to back up, defaults filled in. */
export type EtcdBackupScheduleSpec = FromSchema<typeof ETCD_BACKUP_SCHEDULE_SPEC>;

/** When to back up, as a user writes it. */
export type EtcdBackupScheduleSpecInput = InputOf<typeof ETCD_BACKUP_SCHEDULE_SPEC>;

/** What the schedule did. */
export type EtcdBackupScheduleStatus = FromSchema<typeof ETCD_BACKUP_SCHEDULE_STATUS>;

/** A schedule of backups. */
export type EtcdBackupSchedule = CustomResource<"EtcdBackupSchedule", EtcdBackupScheduleSpec, EtcdBackupScheduleStatus>;

/** The conditions of a schedule: Ready is False while it cannot begin backups, or the last one failed. */
export type BackupScheduleConditionType = "Ready";

/** The kind as the API server learns it. */
export const ETCD_BACKUP_SCHEDULE: KindDefinition = {
  kind: "EtcdBackupSchedule",
  plural: "etcdbackupschedules",
  singular: "etcdbackupschedule",
  shortNames: [],
  schema: {
    type: "object",
    description: "Backups of a cluster at certain times.",
    required: ["spec"],
    properties: { spec: ETCD_BACKUP_SCHEDULE_SPEC, status: ETCD_BACKUP_SCHEDULE_STATUS },
    "x-kubernetes-validations": [
      nameRule("EtcdBackupSchedule", SCHEDULE_NAME_MAX, "its backups are named after it and the time"),
    ],
  },
  columns: [
    { name: "Cluster", type: "string", jsonPath: ".spec.clusterRef.name", description: "What is backed up." },
    { name: "Schedule", type: "string", jsonPath: ".spec.schedule", description: "When." },
    { name: "TimeZone", type: "string", jsonPath: ".spec.timeZone", description: "Where." },
    { name: "Suspend", type: "string", jsonPath: ".spec.suspend", description: "Whether it rests." },
    {
      name: "LastSuccess",
      type: "date",
      jsonPath: ".status.lastSuccessfulTime",
      description: "The last that succeeded.",
    },
    { name: "Next", type: "string", jsonPath: ".status.nextScheduleTime", description: "When the next one is due." },
    AGE,
  ],
  hasStatus: true,
};
