import type { DestinationStream } from "pino";
import { consoleLines } from "./console-lines.ts";

/** Where lines of a log go: to all of these, in one form. */
export function logDestination(outputs: readonly DestinationStream[], format: "json" | "console"): DestinationStream {
  const all: DestinationStream = {
    write(line) {
      for (const output of outputs) output.write(line);
    },
  };
  return format === "console" ? consoleLines(all) : all;
}
