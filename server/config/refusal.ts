/**
 * Why the server does not start. Exit code 2 is a command line that cannot be read: the message goes to stderr with the
 * usage below it. Exit code 1 is a setting that cannot be: it is logged as `failed to verify flags` with this error.
 */
export interface Refusal {
  readonly kind: "refused";
  readonly exitCode: 1 | 2;
  readonly message: string;
}

/** A line to log as a warning once the logger is there. */
export interface ConfigWarning {
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The command line cannot be read. */
export function usageError(message: string): Refusal {
  return { kind: "refused", exitCode: 2, message };
}

/** The settings cannot be. */
export function refusal(message: string): Refusal {
  return { kind: "refused", exitCode: 1, message };
}

/** A warning. */
export function warning(message: string, fields: Readonly<Record<string, string>> = {}): ConfigWarning {
  return { message, fields };
}
