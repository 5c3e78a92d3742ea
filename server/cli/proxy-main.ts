import { parseProxyArguments, type FlagValues, type ProxyCommand } from "./proxy-arguments.ts";

/** An outcome that a command says in one line before it ends with exit code 1; etcd tells some of them to standard output. */
export class ProxyRefusal extends Error {
  override readonly name = "ProxyRefusal";
  readonly stream: "stdout" | "stderr";

  constructor(message: string, stream: "stdout" | "stderr" = "stderr") {
    super(message);
    this.stream = stream;
  }
}

/** Reads the command line and runs the command, with etcd's words and exit codes for what cannot be done. */
export async function proxyMain(
  command: ProxyCommand,
  args: readonly string[],
  run: (flags: FlagValues) => Promise<void>,
): Promise<void> {
  const parsed = parseProxyArguments(command, args);
  switch (parsed.kind) {
    case "help":
      process.stdout.write(parsed.text);
      return;
    case "refused":
      process.stderr.write(`Error: ${parsed.message}\n${parsed.usage}\n${parsed.message}`);
      process.exitCode = 1;
      return;
    case "run":
      try {
        await run(parsed.flags);
      } catch (error) {
        if (!(error instanceof ProxyRefusal)) throw error;
        process[error.stream].write(`${error.message}\n`);
        // A port may be open already.
        process.exit(1);
      }
  }
}
