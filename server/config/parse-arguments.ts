import { Command, Option as CommanderOption } from "commander";
import { ALL_FLAGS, flagNamed } from "./options.ts";
import { parseOptionValue } from "./option-value.ts";
import { refusal, usageError } from "./refusal.ts";
import type { Refusal } from "./refusal.ts";
import { give } from "./given.ts";
import type { Given } from "./given.ts";
import type { Option } from "./option.ts";

/** What a command line asks for. */
export type ParsedArguments = { readonly kind: "given"; readonly given: Given } | { readonly kind: "help" } | Refusal;

type Normalized = { readonly kind: "flags"; readonly flags: readonly string[] } | { readonly kind: "help" } | Refusal;

type Step =
  | { readonly kind: "flag"; readonly flag: string; readonly taken: 1 | 2 }
  | { readonly kind: "rest"; readonly from: 0 | 1 }
  | { readonly kind: "help" }
  | Refusal;

/**
 * Reads a command line in the syntax of Go's flag package, as etcd's users and test suites write it: `-x`, `--x`,
 * `--x=v`, `--x v`; a bool takes its value only after `=`; the later of two wins; `--` ends the flags.
 * `--help` counts where it stands: a bad flag before it is reported, one after it is not.
 */
export function parseArguments(args: readonly string[]): ParsedArguments {
  const normalized = normalizeArguments(args);
  if (normalized.kind !== "flags") return normalized;
  return { kind: "given", given: collect(normalized.flags) };
}

/** Brings a command line into the one form `--name=value`, each value checked in the order of writing. */
export function normalizeArguments(args: readonly string[]): Normalized {
  const flags: string[] = [];
  for (let i = 0; i < args.length;) {
    const step = readStep(args[i] ?? "", args[i + 1]);
    switch (step.kind) {
      case "flag":
        flags.push(step.flag);
        i += step.taken;
        break;
      case "rest": {
        const positional = args[i + step.from];
        if (positional === undefined) return { kind: "flags", flags };
        return refusal(`${JSON.stringify(positional)} is not a valid flag`);
      }
      case "help":
      case "refused":
        return step;
    }
  }
  return { kind: "flags", flags };
}

function readStep(argument: string, following: string | undefined): Step {
  if (argument === "--") return { kind: "rest", from: 1 };
  if (argument.length < 2 || !argument.startsWith("-")) return { kind: "rest", from: 0 };
  const body = argument.slice(argument.startsWith("--") ? 2 : 1);
  if (body.startsWith("-") || body.startsWith("=")) return usageError(`bad flag syntax: ${argument}`);
  const equals = body.indexOf("=");
  const name = equals < 0 ? body : body.slice(0, equals);
  const attached = equals < 0 ? undefined : body.slice(equals + 1);
  const option = flagNamed(name);
  if (option === undefined) {
    return name === "help" || name === "h" ? { kind: "help" } : usageError(`flag provided but not defined: -${name}`);
  }
  if (attached !== undefined) return checked(option, attached, 1);
  if (option.kind === "bool") return checked(option, "true", 1);
  return following === undefined ? usageError(`flag needs an argument: -${name}`) : checked(option, following, 2);
}

function checked(option: Option, text: string, taken: 1 | 2): Step {
  const parsed = parseOptionValue(option, text);
  if (parsed.ok) return { kind: "flag", flag: `--${option.name}=${text}`, taken };
  const shown = option.secret ? "" : ` ${JSON.stringify(text)}`;
  return usageError(
    option.kind === "bool"
      ? `invalid boolean value${shown} for -${option.name}: ${parsed.reason}`
      : `invalid value${shown} for flag -${option.name}: ${parsed.reason}`,
  );
}

function collect(flags: readonly string[]): Given {
  const given = new Map<string, string>();
  const command = new Command("etcd").exitOverride().helpOption(false);
  for (const { name } of ALL_FLAGS) {
    const keep = (text: string): string => {
      give(given, name, text);
      return text;
    };
    command.addOption(new CommanderOption(`--${name} <value>`).argParser(keep));
  }
  command.parse(flags, { from: "user" });
  return given;
}
