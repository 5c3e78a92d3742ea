import { variableOf } from "./environment.ts";
import { FEATURE_GATES, FEATURE_GATE_NAMES } from "./feature-gates.ts";
import { shownDefault } from "./help.ts";
import { OPTION_GROUPS } from "./options.ts";
import type { OptionGroup } from "./options.ts";
import type { Option } from "./option.ts";

const INTRODUCTION = `# Flags of the server

<!-- Generated from server/config by \`npm run generate\`. -->

The server takes etcd 3.6's flags. \`-x\`, \`--x\`, \`--x=value\` and \`--x value\` are all one; a flag that is true or
false takes its value only after \`=\`; the later of two wins. Durations are written \`100ms\`, \`1m30s\`, \`2h\`.

Every flag can also be set in the environment, but not in both places at once. With \`--config-file\` (or
\`ETCD_CONFIG_FILE\`) the flags' names are keys of a YAML or JSON file, those for TLS without their prefix under
\`client-transport-security\` and \`peer-transport-security\`; other flags and the environment are then ignored. What
concerns v3 discovery is under \`discovery-config\` alone, in etcd's form: \`token\` and \`client\`, with \`endpoints\`, the times
in nanoseconds, and two mappings more, \`secure\` (\`cert\`, \`key\`, \`cacert\`, \`insecure-transport\`,
\`insecure-skip-tls-verify\`) and \`auth\` (\`username\`, \`password\`). \`server-name\` under \`secure\` is accepted without effect,
as in etcd: the certificate has to be for the endpoint's host.

**works**: as in etcd. **ignored**: accepted, without effect.
`;

/** The reference of all flags, in Markdown. */
export function flagsReference(): string {
  return [INTRODUCTION, ...OPTION_GROUPS.map(section), gatesSection()].join("\n");
}

function section({ title, options }: OptionGroup): string {
  return `## ${title}\n\n${table(["Flag", "Environment", "Default", "Status", "What it does"], options.map(row))}`;
}

function row(option: Option): readonly string[] {
  const shown = shownDefault(option);
  return [
    `\`--${option.name}\``,
    `\`${variableOf(option.name)}\``,
    shown === "" ? "" : `\`${shown}\``,
    option.status,
    option.help,
  ];
}

function gatesSection(): string {
  const rows = FEATURE_GATE_NAMES.map((name) => {
    const gate = FEATURE_GATES[name];
    return [`\`${name}\``, gate.stage, `\`${gate.default}\``, gate.help];
  });
  const note =
    "`--feature-gates` also takes `AllAlpha` and `AllBeta`, which set every gate of their stage that is not named.\n";
  return `## Feature gates\n\n${note}\n${table(["Gate", "Stage", "Default", "What it does"], rows)}`;
}

/** Columns are padded, as the formatter would. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(3, title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}
