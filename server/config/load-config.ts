import { messageOf } from "../base/message-of.ts";
import { buildConfig } from "./build-config.ts";
import { readConfigFile } from "./config-file.ts";
import type { Config } from "./config.ts";
import { addEnvironment, variableOf } from "./environment.ts";
import type { Environment, WithEnvironment } from "./environment.ts";
import type { Given } from "./given.ts";
import { ignoredWarnings } from "./ignored-warnings.ts";
import { parseArguments } from "./parse-arguments.ts";
import { refusal } from "./refusal.ts";
import type { ConfigWarning, Refusal } from "./refusal.ts";
import { resolveSettings } from "./settings.ts";
import { settingWarnings } from "./setting-warnings.ts";
import { invalidityOf } from "./validate-settings.ts";

/** What a start is told from outside. */
export interface ConfigSources {
  /** Without the name of the program. */
  readonly args: readonly string[];
  readonly env: Environment;
  /** The text of a file; throws where it cannot be read. */
  readonly readFile: (path: string) => string;
  /** The address of the machine's default route, if it has one. */
  readonly defaultHost?: string;
}

/** What to do: run with this configuration, show something, or end. */
export type LoadedConfig =
  | { readonly kind: "run"; readonly config: Config; readonly warnings: readonly ConfigWarning[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | Refusal;

/**
 * Reads the command line, then either the configuration file or the environment, and checks the whole. Whether the
 * member may found or join the cluster it names is another question, asked only of an empty data folder:
 * `verifyBootstrap`.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const parsed = parseArguments(sources.args);
  if (parsed.kind !== "given") return parsed;
  if (isTrue(parsed.given.get("version"))) return { kind: "version" };
  const path = parsed.given.get("config-file") || sources.env[variableOf("config-file")];
  const source = path ? readFileSettings(path, sources) : addEnvironment(parsed.given, sources.env);
  return source.kind === "given" ? configFrom(source.given, source.warnings, sources.defaultHost, !path) : source;
}

function configFrom(
  given: Given,
  sourceWarnings: readonly ConfigWarning[],
  defaultHost: string | undefined,
  isFromFlags: boolean,
): LoadedConfig {
  const resolved = resolveSettings(given);
  if (resolved.kind === "refused") return resolved;
  const { settings } = resolved;
  const invalidity = invalidityOf(settings, { isFromFlags });
  if (invalidity !== undefined) return refusal(invalidity);
  const config = buildConfig(settings, defaultHost);
  if (!config.ok) return refusal(config.reason);
  const warnings = [
    ...sourceWarnings,
    ...resolved.warnings,
    ...ignoredWarnings(settings),
    ...settingWarnings(settings, config.value),
  ];
  return { kind: "run", config: config.value, warnings };
}

function readFileSettings(path: string, { readFile }: ConfigSources): WithEnvironment {
  try {
    return readConfigFile(path, readFile(path));
  } catch (error) {
    return refusal(`cannot read the configuration file ${path}: ${messageOf(error)}`);
  }
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text);
}
