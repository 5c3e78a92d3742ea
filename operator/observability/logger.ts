import { pino, type DestinationStream, type Logger as Pino } from "pino";

/** What a log line carries besides its message; bigint ids are to be given as hexadecimal text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line has these fields. */
  with(fields: LogFields): Logger;
}

/** The least of what is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** How a line looks: one JSON object for machines, or words for people. */
export type LogFormat = "json" | "text";

/** What a log is written with. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly destination: DestinationStream;
}

/** A logger. An `error` field may be an Error: its message, its causes and, from level debug on, its stack are written. */
export function operatorLogger({ level, format, destination }: LoggerOptions): Logger {
  const lines = format === "json" ? destination : { write: (line: string) => destination.write(humanLine(line)) };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: "msg",
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: (error: unknown) => errorText(error, level === "debug") },
    },
    lines,
  );
  return wrap(logger);
}

/** An error with everything that caused it, in one line. */
export function errorText(error: unknown, hasStack = false): string {
  if (!(error instanceof Error)) return String(error);
  const text = hasStack ? (error.stack ?? error.message) : error.message;
  return error.cause === undefined ? text : `${text}: ${errorText(error.cause, hasStack)}`;
}

/** Our order of arguments over pino's. */
function wrap(logger: Pino): Logger {
  return {
    debug: (message, fields = {}) => logger.debug(fields, message),
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
    with: (fields) => wrap(logger.child(fields)),
  };
}

/** `12:30:01.123 warn  message  key=value`. */
function humanLine(line: string): string {
  const { level, ts, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const texts = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const time = String(ts).slice(11, 23);
  return [time, String(level).padEnd(5), [String(msg), ...texts].join("  ")].join(" ") + "\n";
}
