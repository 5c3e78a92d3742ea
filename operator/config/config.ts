import { environmentName, parseOption, type Option, type ValueOfKind } from "./option.ts";
import { OPTIONS } from "./options.ts";

type CamelCase<Name extends string> = Name extends `${infer First}-${infer Rest}`
  ? `${First}${Capitalize<CamelCase<Rest>>}`
  : Name;

type ValueOf<O extends Option> = O extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : ValueOfKind[O["kind"]];

/** The operator's settings, one for each row of the table: `--watch-namespaces` is `watchNamespaces`. */
export type Config = { readonly [O in (typeof OPTIONS)[number] as CamelCase<O["name"]>]: ValueOf<O> };

/** Settings that cannot be: a line for each, which says what to write instead. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/**
 * The settings from flags (by name, without the dashes), then the environment, then the defaults. What is empty in the
 * environment counts as not set. Unknown variables are ignored: Kubernetes makes some of that prefix by itself, for a
 * Service named kvorum-operator.
 */
export function loadConfig(
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const option of OPTIONS) {
    const given = givenText(option, flags, environment);
    const parsed = parseOption(option, given.text);
    if ("problem" in parsed) problems.push(`${given.where} ${parsed.problem}, not "${given.text}"`);
    else config[camelCase(option.name)] = parsed.value;
  }
  if (problems.length > 0) throw new ConfigError(problems.join("\n"));
  return Object.freeze(config) as Config;
}

/** The name of a setting as a property. */
function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
}

function givenText(
  option: Option,
  flags: Readonly<Record<string, string | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly text: string; readonly where: string } {
  const flag = flags[option.name];
  if (flag !== undefined) return { text: flag, where: `--${option.name}` };
  const variable = environmentName(option);
  const set = environment[variable];
  if (set !== undefined && set !== "") return { text: set, where: variable };
  return { text: option.default, where: `--${option.name}` };
}
