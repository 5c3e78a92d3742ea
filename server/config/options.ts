import { must } from "../base/assert.ts";
import { ALIASES, replacementOf } from "./aliases.ts";
import type { Alias } from "./aliases.ts";
import { FEATURE_GATES } from "./feature-gates.ts";
import { CLUSTERING_OPTIONS } from "./options-clustering.ts";
import { MEMBER_OPTIONS } from "./options-member.ts";
import { LOGGING_OPTIONS, MONITORING_OPTIONS, TRACING_OPTIONS } from "./options-observation.ts";
import { AUTH_OPTIONS, SECURITY_OPTIONS } from "./options-security.ts";
import { GENERAL_OPTIONS, TUNING_OPTIONS, UNSAFE_OPTIONS } from "./options-tuning.ts";
import type { Option } from "./option.ts";

/** Every flag under its present name: the one source of the command line, environment, configuration file and help. */
export const OPTIONS = [
  ...MEMBER_OPTIONS,
  ...CLUSTERING_OPTIONS,
  ...SECURITY_OPTIONS,
  ...AUTH_OPTIONS,
  ...MONITORING_OPTIONS,
  ...LOGGING_OPTIONS,
  ...TRACING_OPTIONS,
  ...TUNING_OPTIONS,
  ...UNSAFE_OPTIONS,
  ...GENERAL_OPTIONS,
] as const;

/** The present name of a flag. */
export type OptionName = (typeof OPTIONS)[number]["name"];

/** The flags that `--help` lists under one heading. */
export interface OptionGroup {
  readonly title: string;
  readonly options: readonly Option[];
}

const BY_NAME: ReadonlyMap<string, Option> = new Map(OPTIONS.map((option) => [option.name, option]));

const ALIASES_BY_NAME: ReadonlyMap<string, Alias> = new Map(ALIASES.map((alias) => [alias.name, alias]));

/** The old names as flags of their own: each reads its values, and defaults, as what replaced it does. */
export const ALIAS_OPTIONS: readonly Option[] = ALIASES.map(optionOfAlias);

/** All flags under their headings, in the order of the help. */
export const OPTION_GROUPS: readonly OptionGroup[] = [
  { title: "Member", options: MEMBER_OPTIONS },
  { title: "Clustering", options: CLUSTERING_OPTIONS },
  { title: "Security", options: SECURITY_OPTIONS },
  { title: "Auth", options: AUTH_OPTIONS },
  { title: "Profiling and monitoring", options: MONITORING_OPTIONS },
  { title: "Logging", options: LOGGING_OPTIONS },
  { title: "Distributed tracing", options: TRACING_OPTIONS },
  { title: "Tuning", options: TUNING_OPTIONS },
  { title: "Unsafe", options: UNSAFE_OPTIONS },
  { title: "Old names", options: ALIAS_OPTIONS },
];

const FLAGS: ReadonlyMap<string, Option> = new Map(
  [...OPTIONS, ...ALIAS_OPTIONS].map((option): [string, Option] => [option.name, option]),
);

/** Every flag, old names included. */
export const ALL_FLAGS: readonly Option[] = [...FLAGS.values()];

/** The flag of this name, old names included. */
export function flagNamed(name: string): Option | undefined {
  return FLAGS.get(name);
}

/** The flag of this present name. */
export function optionNamed(name: OptionName): Option {
  return must(BY_NAME.get(name), `there is an option ${name}`);
}

/** The alias of this name, if it is one. */
export function aliasNamed(name: string): Alias | undefined {
  return ALIASES_BY_NAME.get(name);
}

function optionOfAlias(alias: Alias): Option {
  const help = `Old name of ${replacementOf(alias)}.`;
  if (alias.gate !== undefined) {
    const gate = FEATURE_GATES[alias.gate];
    return { name: alias.name, kind: "bool", default: String(gate.default), status: "works", help };
  }
  const target = must(BY_NAME.get(alias.flag ?? ""), `the flag behind --${alias.name} exists`);
  return { ...target, name: alias.name, help };
}
