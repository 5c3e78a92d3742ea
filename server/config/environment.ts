import { parseOptionValue } from "./option-value.ts";
import { ALL_FLAGS } from "./options.ts";
import { refusal, warning } from "./refusal.ts";
import type { ConfigWarning, Refusal } from "./refusal.ts";
import type { Given } from "./given.ts";

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings with those of the environment added, or why they cannot be. */
export type WithEnvironment =
  { readonly kind: "given"; readonly given: Given; readonly warnings: readonly ConfigWarning[] } | Refusal;

/** Read elsewhere, or set by etcd's own tests for every server they start. */
const KNOWN_OTHERS = new Set(["ETCD_CONFIG_FILE", "ETCD_UNSUPPORTED_ARCH"]);

/** The variable that stands for a flag: `ETCD_FOO_BAR` for `--foo-bar`. */
export function variableOf(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll("-", "_")}`;
}

/**
 * Adds the settings of the environment to those of the command line. A setting given in both places is refused: whoever
 * reads either one would be wrong about the other.
 */
export function addEnvironment(given: Given, environment: Environment): WithEnvironment {
  const all = new Map(given);
  const known = new Set(KNOWN_OTHERS);
  for (const option of ALL_FLAGS) {
    if (option.name === "version") continue;
    const variable = variableOf(option.name);
    known.add(variable);
    const text = environment[variable];
    if (text === undefined) continue;
    if (given.has(option.name)) {
      return refusal(
        `conflicting environment variable ${JSON.stringify(variable)} is shadowed by corresponding command-line flag ` +
          "(either unset environment variable or disable flag)",
      );
    }
    if (text === "") continue;
    const parsed = parseOptionValue(option, text);
    if (!parsed.ok) {
      const shown = option.secret ? "" : ` ${JSON.stringify(text)}`;
      return refusal(`invalid value${shown} for ${variable}: ${parsed.reason}`);
    }
    all.set(option.name, text);
  }
  return { kind: "given", given: all, warnings: unrecognized(environment, known) };
}

function unrecognized(environment: Environment, known: ReadonlySet<string>): readonly ConfigWarning[] {
  return Object.keys(environment)
    .filter((variable) => variable.startsWith("ETCD_") && !known.has(variable))
    .toSorted()
    .map((variable) => warning("unrecognized environment variable", { "environment-variable": variable }));
}
