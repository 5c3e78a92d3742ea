/** What a log line carries besides its message; bigint ids are to be given as hexadecimal text. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging. Messages and field names follow etcd's, because people search for them. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
