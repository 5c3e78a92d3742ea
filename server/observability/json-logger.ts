import { pino, type DestinationStream } from "pino";
import type { LogFields, Logger } from "../ports/logger.ts";

/** Levels of etcd's --log-level that pino knows under the same or a near name. */
const PINO_LEVELS: Readonly<Record<string, string>> = { dpanic: "error", panic: "fatal" };

/** One JSON object a line with level, ts, caller and msg, as etcd's zap writes them; `caller` names the part that speaks. */
export function jsonLogger(destination: DestinationStream, level: string, caller = "kvorum/server"): Logger {
  const logger = pino(
    {
      level: PINO_LEVELS[level] ?? level,
      base: null,
      messageKey: "msg",
      timestamp: () => `,"ts":"${timestamp(new Date())}"`,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ caller }),
    },
    destination,
  );
  return {
    debug: log((fields, message) => logger.debug(fields, message)),
    info: log((fields, message) => logger.info(fields, message)),
    warn: log((fields, message) => logger.warn(fields, message)),
    error: log((fields, message) => logger.error(fields, message)),
  };
}

/** Our order of arguments over pino's. */
function log(write: (fields: LogFields, message: string) => void) {
  return (message: string, fields: LogFields = {}): void => {
    write(fields, message);
  };
}

/** zap's layout `2006-01-02T15:04:05.000000Z0700`, always in UTC. */
function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, -1)}000Z`;
}
