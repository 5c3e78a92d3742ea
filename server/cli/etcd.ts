import { readFileSync } from "node:fs";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import type { Config } from "../config/config.ts";
import { helpText, USAGE } from "../config/help.ts";
import { loadConfig } from "../config/load-config.ts";
import { jsonLogger } from "../observability/json-logger.ts";
import { standardStream } from "../observability/standard-stream.ts";
import type { Logger } from "../ports/logger.ts";
import { CommandError } from "./command-error.ts";
import { memberLog } from "./member-log.ts";
import { serve } from "./serve.ts";

/** The `etcd` command: etcd's flags, etcd's exit codes. */
export async function etcdMain(args: readonly string[]): Promise<void> {
  const loaded = loadConfig({ args, env: process.env, readFile: (path) => readFileSync(path, "utf8") });
  switch (loaded.kind) {
    case "help":
      process.stdout.write(helpText());
      return;
    case "version":
      // etcd's four lines; tools read the first.
      process.stdout.write(
        `etcd Version: ${ETCD_VERSION}\nGit SHA: kvorum-${KVORUM_VERSION}\nGo Version: none (Node.js ${process.version})\n` +
          `Go OS/Arch: ${process.platform}/${process.arch === "x64" ? "amd64" : process.arch}\n`,
      );
      return;
    case "refused":
      refuse(loaded.message, loaded.exitCode);
      return;
    case "run": {
      const { config, warnings } = loaded;
      const logger = logOf(config);
      if (!logger) return;
      for (const { message, fields } of warnings) logger.warn(message, fields);
      await serve(config, logger);
    }
  }
}

/** The log; undefined if it cannot be written, which has been said. */
function logOf(config: Config): Logger | undefined {
  try {
    return memberLog(config);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    refuse(error.message, 1);
    return undefined;
  }
}

/** A usage error is told to a person, a configuration that cannot be right to the log. */
function refuse(message: string, exitCode: number): void {
  if (exitCode === 2) process.stderr.write(`${message}\n${USAGE}`);
  else jsonLogger(standardStream("stderr"), "info").error("failed to verify flags", { error: message });
  process.exitCode = exitCode;
}
