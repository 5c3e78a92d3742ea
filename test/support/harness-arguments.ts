import { parseArgs, type ParseArgsOptionsConfig } from "node:util";
import { serverBinary } from "./server-binary.ts";

/** What every harness that puts a server to the test by chance takes; its help text says these, too. */
const COMMON = {
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  server: { type: "string", default: "kvorum" },
  keep: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsOptionsConfig;

/** The arguments of a harness and the server that they name. For --help it prints the text, and the process ends. */
export function harnessArguments<const Options extends ParseArgsOptionsConfig>(help: string, own: Options) {
  const { values: common } = parseArgs({ options: COMMON, strict: false });
  if (common.help === true) {
    console.log(help);
    process.exit(0);
  }
  const { values } = parseArgs<{ options: Options & typeof COMMON }>({ options: { ...own, ...COMMON } });
  return { values, binary: serverBinary(String(common.server)) };
}
