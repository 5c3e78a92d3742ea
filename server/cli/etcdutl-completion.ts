import type { Command } from "commander";
import { exactlyOne } from "./cobra-arguments.ts";
import { CommandError } from "./command-error.ts";
import { subcommand } from "./command-line.ts";
import {
  bashCompletion,
  fishCompletion,
  powershellCompletion,
  zshCompletion,
  type Completion,
} from "./completion-scripts.ts";

const SHELLS: Readonly<Record<string, (name: string, completions: readonly Completion[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

/** `etcdutl completion`: what lets a shell complete this tool's commands and flags. */
export function addCompletionCommand(program: Command): void {
  subcommand(program, "completion")
    .description("print a completion script")
    .argument("[shell]", "bash, zsh, fish or powershell")
    .addHelpText(
      "after",
      `
  source <(etcdutl completion bash)                                      # this shell
  etcdutl completion bash > /etc/bash_completion.d/etcdutl               # each bash
  etcdutl completion zsh > "\${fpath[1]}/_etcdutl"                        # each zsh, once compinit runs in it
  etcdutl completion fish > ~/.config/fish/completions/etcdutl.fish      # each fish
  etcdutl completion powershell | Out-String | Invoke-Expression         # this PowerShell`,
    )
    .action((_shell: unknown, _flags: unknown, command: Command) => {
      const shell = exactlyOne(command.args);
      const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
      if (script === undefined)
        throw new CommandError(`invalid argument ${JSON.stringify(shell)} for "etcdutl completion"`);
      process.stdout.write(script(program.name(), completionsOf(program, [])));
    });
}

/** What may follow the tool's name and each of its commands. */
export function completionsOf(command: Command, path: readonly string[]): readonly Completion[] {
  const here: Completion = {
    path,
    commands: command.commands.map((below) => ({ name: below.name(), description: below.description() })),
    flags: [
      ...command.options.map(({ long, description, required }) => ({
        name: long ?? "",
        description,
        takesValue: required,
      })),
      { name: "--help", description: "show help", takesValue: false },
    ],
    arguments: command.name() === "completion" ? Object.keys(SHELLS) : [],
  };
  return [here, ...command.commands.flatMap((below) => completionsOf(below, [...path, below.name()]))];
}
