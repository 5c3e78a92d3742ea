import { FEATURE_GATES, FEATURE_GATE_NAMES } from "./feature-gates.ts";
import { OPTION_GROUPS } from "./options.ts";
import type { Option } from "./option.ts";

/** What follows a command line that cannot be read. */
export const USAGE = `Usage:

  etcd [flags]
    Start a member. Every flag can also be set as ETCD_<FLAG>, for instance ETCD_DATA_DIR for --data-dir.

  etcd --config-file FILE
    Start a member with the settings of a YAML or JSON file. Other flags and the environment are then ignored.

  etcd --version
    Show the version.

  etcd -h | --help
    Show all flags.
`;

const STATUS_NOTES = { works: "", ignored: " (Accepted without effect.)" } as const;

/** The text of `--help`: every flag under its heading, with its default. */
export function helpText(): string {
  const groups = OPTION_GROUPS.map(({ title, options }) => `${title}:\n${options.map(flagHelp).join("")}`);
  return `${USAGE}\n${groups.join("\n")}`;
}

/** The default of a flag as the help shows it. */
export function shownDefault(option: Option): string {
  return option.defaultShown ?? option.default;
}

/** What the help says of a flag, its status included. */
export function describeOption(option: Option): string {
  return option.help + STATUS_NOTES[option.status];
}

function flagHelp(option: Option): string {
  const lines = [`  --${option.name} '${shownDefault(option)}'`, `    ${describeOption(option)}`];
  if (option.kind === "feature-gates") lines.push(...gateLines());
  return `${lines.join("\n")}\n`;
}

function gateLines(): readonly string[] {
  return FEATURE_GATE_NAMES.map((name) => {
    const gate = FEATURE_GATES[name];
    return `      ${name} (${gate.stage}, ${gate.default}): ${gate.help}`;
  });
}
