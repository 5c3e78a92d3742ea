import { Command, CommanderError } from "commander";
import { CommandError, explain, ExitCode } from "./command-error.ts";

/**
 * How our tools meet the command line: errors are one line "Error: …" on standard error with etcd's exit codes, help
 * goes to standard output, and a bug shows its stack.
 */
export function toolCommand(name: string): Command {
  return prepare(new Command(name));
}

/** A command below another one, with the same manners. */
export function subcommand(parent: Command, name: string): Command {
  return prepare(parent.command(name));
}

function prepare(command: Command): Command {
  return command
    .exitOverride()
    .allowExcessArguments()
    .helpCommand(false)
    .configureHelp({ helpWidth: 120 })
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
}

/** Runs a tool to its end and sets the exit code. */
export async function runTool(program: Command, args: readonly string[]): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever reads us has seen enough.
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return showUsageError(program, error);
    const explained = explain(error);
    if (explained === undefined) throw error;
    process.stderr.write(`Error: ${explained.line}\n`);
    process.exitCode = explained.exitCode;
  }
}

/** The one argument that a command takes; anything else ends with etcd's code for bad arguments. */
export function onlyArgument(args: readonly string[], command: string): string {
  const [only] = args;
  if (only === undefined || args.length > 1) {
    throw new CommandError(`${command} requires exactly one argument`, ExitCode.badArguments);
  }
  return only;
}

/** A counter as Go reads it for a flag. */
export function parseCount(text: string, flag: string): number {
  const fail = (reason: string): never => {
    const value = JSON.stringify(text);
    throw new CommandError(
      `invalid argument ${value} for "--${flag}" flag: strconv.ParseUint: parsing ${value}: ${reason}`,
    );
  };
  if (!/^(\d+|0x[0-9a-f]+)$/i.test(text)) fail("invalid syntax");
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : fail("value out of range");
}

/** Go's flags allow `--flag=true`, which commander does not know. */
export function withPlainSwitches(args: readonly string[], switches: readonly string[]): readonly string[] {
  return args.flatMap((arg) => {
    const [, name = "", value = ""] = /^--([^=]+)=(true|false|1|0|t|f)$/i.exec(arg) ?? [];
    if (!switches.includes(name)) return [arg];
    return /^(true|1|t)$/i.test(value) ? [`--${name}`] : [];
  });
}

function showUsageError(program: Command, error: CommanderError): void {
  if (error.exitCode === 0) return;
  if (error.code === "commander.help") {
    // A command without its subcommand: show what there is.
    process.stdout.write(helpOf(program));
    return;
  }
  process.stderr.write(`Error: ${inGoWords(program, error)}\nRun '${program.name()} --help' for usage.\n`);
  process.exitCode = ExitCode.error;
}

function helpOf(program: Command): string {
  const asked =
    program.args.length === 0 ? program : program.commands.find((command) => command.name() === program.args[0]);
  return (asked ?? program).helpInformation();
}

function inGoWords(program: Command, { code, message }: CommanderError): string {
  const named = /'([^']*)'/.exec(message)?.[1] ?? "";
  if (code === "commander.unknownCommand") return `unknown command "${named}" for "${program.name()}"`;
  if (code === "commander.unknownOption") return `unknown flag: ${named}`;
  if (code === "commander.optionMissingArgument") return `flag needs an argument: ${named.split(" ")[0] ?? ""}`;
  return message.replace(/^error: /, "");
}
