import { assert, must } from "../base/assert.ts";
import type { Option, OptionKind } from "../config/option.ts";
import { parseOptionValue, type OptionValue, type ValueOfKind } from "../config/option-value.ts";

/** A command of etcd that stands before a cluster: `etcd NAME start`. */
export interface ProxyCommand {
  readonly name: "gateway" | "grpc-proxy";
  /** What `etcd NAME --help` says of it, and `etcd NAME start --help`. */
  readonly title: string;
  readonly startTitle: string;
  readonly options: readonly Option[];
}

/** What a command line asks for. */
export type ProxyArguments =
  | { readonly kind: "run"; readonly flags: FlagValues }
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "refused"; readonly message: string; readonly usage: string };

/** The flags of a command with their values, given or default. */
export class FlagValues {
  readonly #values: ReadonlyMap<string, OptionValue>;

  constructor(values: ReadonlyMap<string, OptionValue>) {
    this.#values = values;
  }

  text(name: string): string {
    const value = this.#of(name);
    assert(typeof value === "string", `--${name} is a text`);
    return value;
  }

  /** The text, if it is not empty. */
  given(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  list(name: string): readonly string[] {
    const value = this.#of(name);
    assert(Array.isArray(value), `--${name} is a list`);
    return value as ValueOfKind["strings"];
  }

  isSet(name: string): boolean {
    const value = this.#of(name);
    assert(typeof value === "boolean", `--${name} is a switch`);
    return value;
  }

  /** Durations in milliseconds. */
  number(name: string): number {
    const value = this.#of(name);
    assert(typeof value === "number", `--${name} is a number`);
    return value;
  }

  #of(name: string): OptionValue {
    return must(this.#values.get(name), `there is a flag --${name}`);
  }
}

/**
 * Reads what follows `etcd NAME` as etcd's cobra does: flags may stand before `start` too, lists may be given in parts,
 * and whatever else is not `start` gets help.
 */
export function parseProxyArguments(command: ProxyCommand, args: readonly string[]): ProxyArguments {
  const options = new Map(command.options.map((option) => [option.name, option]));
  const split = splitArguments(options, args);
  const isStart = split.words[0] === "start";
  if (split.isHelpAsked || !isStart) return { kind: "help", text: isStart ? startHelp(command) : groupHelp(command) };
  const refused = (message: string): ProxyArguments => ({ kind: "refused", message, usage: usageOf(command) });
  if (split.problem !== undefined) return refused(split.problem);
  const values = new Map<string, OptionValue>();
  for (const option of command.options) {
    const texts = split.given.get(option.name) ?? [option.default];
    const text = option.kind === "strings" ? texts.filter((part) => part !== "").join() : (texts.at(-1) ?? "");
    const parsed = parseOptionValue(option, text);
    if (!parsed.ok) {
      return refused(`invalid argument ${JSON.stringify(text)} for "--${option.name}" flag: ${parsed.reason}`);
    }
    values.set(option.name, parsed.value);
  }
  return { kind: "run", flags: new FlagValues(values) };
}

interface SplitArguments {
  readonly words: readonly string[];
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly isHelpAsked: boolean;
  readonly problem: string | undefined;
}

function splitArguments(options: ReadonlyMap<string, Option>, args: readonly string[]): SplitArguments {
  const words: string[] = [];
  const given = new Map<string, string[]>();
  let isHelpAsked = false;
  let problem: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = must(args[at]);
    const [, name = "", value] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? [];
    const option = options.get(name);
    if (arg === "-h" || name === "help") isHelpAsked = true;
    else if (!arg.startsWith("-") || arg === "-") words.push(arg);
    else if (arg === "--") break;
    else if (name === "") problem ??= `unknown shorthand flag: '${arg.charAt(1)}' in ${arg}`;
    else if (!option) problem ??= `unknown flag: --${name}`;
    else {
      const text = value ?? (option.kind === "bool" ? "true" : args[++at]);
      if (text === undefined) problem ??= `flag needs an argument: --${name}`;
      else given.set(name, [...(given.get(name) ?? []), text]);
    }
  }
  return { words, given, isHelpAsked, problem };
}

function groupHelp({ name, title, startTitle }: ProxyCommand): string {
  return (
    `${title}\n\nUsage:\n  etcd ${name} [command]\n\nAvailable Commands:\n  start       ${startTitle}\n\n` +
    `Flags:\n  -h, --help   help for ${name}\n\nUse "etcd ${name} [command] --help" for more information about a command.\n`
  );
}

function startHelp(command: ProxyCommand): string {
  return `${command.startTitle}\n\n${usageOf(command)}`;
}

const KINDS: Readonly<Partial<Record<OptionKind, string>>> = { bool: "" };
/** Defaults that go without saying. */
const ZEROS: ReadonlySet<string> = new Set(["", "0", "0s", "false"]);

function usageOf({ name, options }: ProxyCommand): string {
  const lines = options.map(({ name: flag, kind, default: value, defaultShown, help }) => {
    const shown = defaultShown ?? (kind === "string" ? `"${value}"` : kind === "strings" ? `[${value}]` : value);
    const note = ZEROS.has(value) ? "" : ` (default ${shown})`;
    return { flag, left: `      --${flag} ${KINDS[kind] ?? kind}`.trimEnd(), right: `${help}${note}` };
  });
  lines.push({ flag: "help", left: "  -h, --help", right: "help for start" });
  const width = Math.max(...lines.map(({ left }) => left.length));
  const sorted = lines.toSorted((a, b) => (a.flag < b.flag ? -1 : 1));
  const text = sorted.map(({ left, right }) => `${left.padEnd(width)}   ${right}\n`);
  return `Usage:\n  etcd ${name} start [flags]\n\nFlags:\n${text.join("")}`;
}
