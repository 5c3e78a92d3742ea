import { must } from "../base/assert.ts";
import { ALIASES, deprecationOf } from "./aliases.ts";
import { parseFeatureGates } from "./feature-gates.ts";
import type { FeatureGate } from "./feature-gates.ts";
import { parseOptionValue } from "./option-value.ts";
import type { ValueOfKind } from "./option-value.ts";
import { OPTIONS, optionNamed } from "./options.ts";
import type { OptionName } from "./options.ts";
import { refusal, warning } from "./refusal.ts";
import type { ConfigWarning, Refusal } from "./refusal.ts";
import type { Given } from "./given.ts";

/** The value that the option of this name has, by the kind that its row states. */
export type SettingOf<Name extends OptionName> = ValueOfKind[Extract<
  (typeof OPTIONS)[number],
  { readonly name: Name }
>["kind"]];

/** All options with their values: what was given, under whichever name, over the defaults. */
export class Settings {
  readonly #texts: ReadonlyMap<OptionName, string>;
  readonly #writtenAs: ReadonlyMap<OptionName, string>;

  constructor(texts: ReadonlyMap<OptionName, string>, writtenAs: ReadonlyMap<OptionName, string>) {
    this.#texts = texts;
    this.#writtenAs = writtenAs;
  }

  /** The option's value. */
  get<Name extends OptionName>(name: Name): SettingOf<Name> {
    const parsed = parseOptionValue(optionNamed(name), this.textOf(name));
    return must(parsed.ok ? parsed.value : undefined, `--${name} was checked when it was given`) as SettingOf<Name>;
  }

  /** The value that the option has when nobody sets it. */
  getDefault<Name extends OptionName>(name: Name): SettingOf<Name> {
    const parsed = parseOptionValue(optionNamed(name), optionNamed(name).default);
    return must(parsed.ok ? parsed.value : undefined, `the default of --${name} is a value`) as SettingOf<Name>;
  }

  /** The text that the value was read from. */
  textOf(name: OptionName): string {
    return this.#texts.get(name) ?? optionNamed(name).default;
  }

  /** Whether somebody set the option, be it to its default. */
  isGiven(name: OptionName): boolean {
    return this.#texts.has(name);
  }

  /** The name under which the option was set. */
  writtenAs(name: OptionName): string {
    return this.#writtenAs.get(name) ?? name;
  }
}

/** The settings that were given, or why two of them contradict each other. */
export type ResolvedSettings =
  { readonly kind: "settings"; readonly settings: Settings; readonly warnings: readonly ConfigWarning[] } | Refusal;

/** Brings old names under their present ones. An old name and its present one together are refused. */
export function resolveSettings(given: Given): ResolvedSettings {
  const texts = new Map<OptionName, string>();
  const writtenAs = new Map<OptionName, string>();
  for (const { name } of OPTIONS) {
    const text = given.get(name);
    if (text !== undefined) texts.set(name, text);
  }
  for (const alias of ALIASES) {
    const text = given.get(alias.name);
    if (text === undefined) continue;
    if ("gate" in alias) {
      const gates = given.get("feature-gates") ?? "";
      if (gates.includes(alias.gate)) return bothGateAndFlag(alias.name, alias.gate, text, gates);
      texts.set("feature-gates", `${texts.get("feature-gates") ?? ""},${alias.gate}=${text}`);
    } else {
      if (given.has(alias.flag)) return refusal(bothNames(alias.name, alias.flag));
      texts.set(alias.flag, text);
      writtenAs.set(alias.flag, alias.name);
    }
  }
  return { kind: "settings", settings: new Settings(texts, writtenAs), warnings: deprecations(given) };
}

function bothNames(old: string, present: string): string {
  return old === "experimental-warning-unary-request-duration"
    ? `both --${old} and --${present} flags are set. Use only --${present}`
    : `cannot set --${old} and --${present} at the same time, please use --${present} only`;
}

function bothGateAndFlag(flag: string, gate: FeatureGate, text: string, gates: string): Refusal {
  const wanted = `--feature-gates=${gate}=${gatesOf(gates)[gate]}`;
  return refusal(
    `cannot specify both flags: --${flag}=${text} and ${wanted} at the same time, please just use ${wanted}`,
  );
}

function gatesOf(text: string): ValueOfKind["feature-gates"] {
  const parsed = parseFeatureGates(text);
  return must(parsed.ok ? parsed.value : undefined, "--feature-gates was checked when it was given");
}

function deprecations(given: Given): readonly ConfigWarning[] {
  const ofAliases = ALIASES.filter((alias) => given.has(alias.name)).map(deprecationOf);
  const ofOptions = OPTIONS.filter((option) => given.has(option.name)).map((option) =>
    "deprecation" in option ? option.deprecation : undefined,
  );
  return [...ofOptions, ...ofAliases].filter((text) => text !== undefined).map((text) => warning(text));
}
