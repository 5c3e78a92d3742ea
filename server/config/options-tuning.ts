import type { Option } from "./option.ts";

/** The rhythm of background work and checks. */
export const TUNING_OPTIONS = [
  {
    name: "corrupt-check-time",
    kind: "duration",
    default: "0s",
    status: "works",
    help: "Time between two comparisons of the whole data of all members. 0: never.",
  },
  {
    name: "compact-hash-check-time",
    kind: "duration",
    default: "1m",
    status: "works",
    help: "Time between two comparisons of the members' compaction hashes, with the feature gate CompactHashCheck.",
  },
  {
    name: "compaction-batch-limit",
    kind: "int",
    default: "1000",
    status: "works",
    help: "Revisions that one step of a compaction removes.",
  },
  {
    name: "compaction-sleep-interval",
    kind: "duration",
    default: "10ms",
    status: "works",
    help: "Pause between two steps of a compaction.",
  },
  {
    name: "watch-progress-notify-interval",
    kind: "duration",
    default: "10m",
    status: "works",
    help: "Time between two progress notices to a watcher that asked for them.",
  },
  {
    name: "warning-apply-duration",
    kind: "duration",
    default: "100ms",
    status: "works",
    help: "An entry that takes longer to apply is logged as a warning.",
  },
  {
    name: "bootstrap-defrag-threshold-megabytes",
    kind: "uint",
    default: "0",
    status: "works",
    help: "Defragment at the start if that frees at least so many megabytes. 0: never.",
  },
  {
    name: "downgrade-check-time",
    kind: "duration",
    default: "5s",
    status: "ignored",
    help: "Time between two looks at a downgrade in progress: here with the look at all versions, every 4 s.",
  },
] as const satisfies readonly Option[];

/** What may cost data. */
export const UNSAFE_OPTIONS = [
  {
    name: "force-new-cluster",
    kind: "bool",
    default: "false",
    status: "works",
    help: "Make a cluster of one out of this member's data, whatever the others say.",
  },
  {
    name: "unsafe-no-fsync",
    kind: "bool",
    default: "false",
    status: "works",
    help: "Do not wait for the disk. A power cut then loses acknowledged writes.",
  },
] as const satisfies readonly Option[];

/** What is no setting of a member but steers the program itself. */
export const GENERAL_OPTIONS = [
  {
    name: "config-file",
    kind: "string",
    default: "",
    status: "works",
    help: "YAML or JSON file with the flags' names as keys. All other flags and the environment are then ignored.",
  },
  { name: "version", kind: "bool", default: "false", status: "works", help: "Show the version and end." },
] as const satisfies readonly Option[];
