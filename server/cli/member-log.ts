import { messageOf } from "../base/message-of.ts";
import type { Config } from "../config/config.ts";
import { LogFile } from "../host/log-file.ts";
import { jsonLogger } from "../observability/json-logger.ts";
import { logDestination } from "../observability/log-destination.ts";
import { standardStream } from "../observability/standard-stream.ts";
import type { Logger } from "../ports/logger.ts";
import { CommandError } from "./command-error.ts";

/** The log as configured. Throws with the file that cannot be written. */
export function memberLog({
  logLevel,
  logFormat,
  logOutputs,
  logRotation,
}: Pick<Config, "logLevel" | "logFormat" | "logOutputs" | "logRotation">): Logger {
  const outputs = logOutputs.map((output) => {
    if (output === "stderr" || output === "stdout") return standardStream(output);
    try {
      return new LogFile(output, logRotation);
    } catch (error) {
      const reason = messageOf(error);
      throw new CommandError(`cannot write the log file ${output} of --log-outputs: ${reason}`);
    }
  });
  return jsonLogger(logDestination(outputs, logFormat), logLevel);
}
