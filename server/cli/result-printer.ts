import { CommandError, ExitCode } from "./command-error.ts";

/** One result of etcdutl, in all the ways in which it may be shown. */
export interface Result {
  /** What `-w json` prints. */
  readonly json: Readonly<Record<string, string | number>>;
  /** What `-w fields` prints: a label and a value a line. */
  readonly fields: readonly (readonly [label: string, value: string | number])[];
  /** What the simple form and the table print: a heading and a text a column. */
  readonly columns: readonly (readonly [heading: string, text: string])[];
}

const PRINTERS: Readonly<Record<string, (result: Result) => string>> = {
  simple: ({ columns }) => `${columns.map(([, text]) => text).join(", ")}\n`,
  table: ({ columns }) => table(columns),
  json: ({ json }) => `${JSON.stringify(json)}\n`,
  fields: ({ fields }) => fields.map(([label, value]) => `${JSON.stringify(label)} : ${value}\n`).join(""),
};

/** The printer of a format; unknown ones, and protobuf, which no message stands for, are refused. */
export function resultPrinter(format: string): (result: Result) => string {
  const printer = Object.hasOwn(PRINTERS, format) ? PRINTERS[format] : undefined;
  if (printer !== undefined) return printer;
  const reason = format === "protobuf" ? "protobuf not supported as output format" : "unsupported output format";
  throw new CommandError(reason, ExitCode.unsupportedOutput);
}

/** Headings are centered, values end at the right. */
function table(columns: Result["columns"]): string {
  const widths = columns.map(([heading, text]) => Math.max(heading.length, text.length));
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  const headings = columns.map(([heading], column) => centered(heading, widths[column] ?? 0));
  const texts = columns.map(([, text], column) => text.padStart(widths[column] ?? 0));
  return rule + line(headings) + rule + line(texts) + rule;
}

function line(texts: readonly string[]): string {
  return `| ${texts.join(" | ")} |\n`;
}

function centered(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return (" ".repeat(left) + text).padEnd(width);
}
