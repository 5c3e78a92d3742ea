import { pino, type DestinationStream } from "pino";

/** Standard error or output, written synchronously: a line that explains an exit must not be lost in it. */
export function standardStream(name: "stderr" | "stdout"): DestinationStream {
  return pino.destination({ fd: name === "stderr" ? 2 : 1, sync: true });
}
