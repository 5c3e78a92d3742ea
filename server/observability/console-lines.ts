import type { DestinationStream } from "pino";

/** The fields that have a place of their own on a line. */
interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly ts: string;
  readonly caller: string;
  readonly msg: string;
}

/** Turns log lines in JSON into ones for people, as zap's console encoder writes them: tabs, and the other fields as JSON. */
export function consoleLines(destination: DestinationStream): DestinationStream {
  return {
    write(json) {
      const { level, ts, caller, msg, ...fields } = JSON.parse(json) as LogLine;
      const rest = Object.keys(fields).length === 0 ? [] : [spaced(fields)];
      destination.write(`${[ts, level, caller, msg, ...rest].join("\t")}\n`);
    },
  };
}

/** JSON with a blank after every colon and comma, on one line. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`)
    .join(", ")}}`;
}
