import { loadConfig } from "../../../server/config/load-config.ts";
import type { LoadedConfig } from "../../../server/config/load-config.ts";
import type { Config } from "../../../server/config/config.ts";
import type { Refusal } from "../../../server/config/refusal.ts";

interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly defaultHost?: string;
}

/** Loads a configuration from a command line written as one would type it. */
export function load(line: string, { env = {}, files = {}, defaultHost }: Surroundings = {}): LoadedConfig {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  };
  const args = line.split(" ").filter((word) => word !== "");
  return loadConfig({ args, env, readFile, ...(defaultHost === undefined ? {} : { defaultHost }) });
}

/** The configuration of a start that is not refused. */
export function run(line: string, surroundings: Surroundings = {}): Config {
  const loaded = load(line, surroundings);
  if (loaded.kind !== "run") throw new Error(`no start: ${JSON.stringify(loaded)}`);
  return loaded.config;
}

/** The messages of the warnings of a start that is not refused. */
export function warningsOf(line: string, surroundings: Surroundings = {}): readonly string[] {
  const loaded = load(line, surroundings);
  if (loaded.kind !== "run") throw new Error(`no start: ${JSON.stringify(loaded)}`);
  return loaded.warnings.map((warning) => [warning.message, ...Object.values(warning.fields)].join(" | "));
}

/** The refusal of a start. */
export function refused(line: string, surroundings: Surroundings = {}): Pick<Refusal, "exitCode" | "message"> {
  const loaded = load(line, surroundings);
  if (loaded.kind !== "refused") throw new Error(`not refused: ${loaded.kind}`);
  return { exitCode: loaded.exitCode, message: loaded.message };
}
