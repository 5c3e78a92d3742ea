import { FEATURE_GATES, FEATURE_GATE_NAMES } from "./feature-gates.ts";
import { OPTIONS, optionNamed } from "./options.ts";
import type { OptionName } from "./options.ts";
import type { Option } from "./option.ts";
import { refusal, warning } from "./refusal.ts";
import type { ConfigWarning, Refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Refuses a start that asks for an effect that is not built: doing less than asked, unnoticed, would be worse. */
export function refuseUnbuilt(settings: Settings): Refusal | undefined {
  for (const { name } of OPTIONS) {
    const option = optionNamed(name);
    const unbuilt = unbuiltValue(option, settings, name);
    if (unbuilt !== undefined) return refusal(refusalText(option, settings.writtenAs(name), unbuilt));
  }
  return refuseUnbuiltGates(settings);
}

/** Says of every setting that is accepted and does nothing that it does nothing. */
export function warnOfIgnored(settings: Settings): readonly ConfigWarning[] {
  return OPTIONS.filter(({ name }) => optionNamed(name).status === "ignored" && differs(settings, name)).map(
    ({ name }) =>
      warning(`--${settings.writtenAs(name)} is accepted and has no effect`, { help: optionNamed(name).help }),
  );
}

function unbuiltValue(option: Option, settings: Settings, name: OptionName): string | undefined {
  const text = settings.textOf(name);
  if (option.built !== undefined) {
    return text === "" ? undefined : text.split(",").find((part) => !option.built?.includes(part));
  }
  return option.status === "not-built" && differs(settings, name) ? text : undefined;
}

/** Whether the value is another one than the default; `1m` and `60s` are one value. */
function differs(settings: Settings, name: OptionName): boolean {
  if (!settings.isGiven(name) || settings.textOf(name) === optionNamed(name).default) return false;
  if (isAnyList(name)) return settings.textOf(name) !== "";
  return JSON.stringify(settings.get(name)) !== JSON.stringify(settings.getDefault(name));
}

/** For these an empty list means any, as `*` does. */
function isAnyList(name: OptionName): boolean {
  return name === "cors" || name === "host-whitelist";
}

function refusalText(option: Option, writtenAs: string, value: string): string {
  const flag = option.secret ? `--${writtenAs}` : `--${writtenAs}=${value}`;
  if (option.instead !== undefined) return `${flag} is not built: ${option.instead}`;
  const builtValues = option.built ?? (option.default === "" ? [] : [option.default]);
  const instead = builtValues.length === 0 ? "" : ` or set it to ${alternatives(builtValues)}`;
  return `${flag} is not built yet: remove the flag${instead}`;
}

function alternatives(values: readonly string[]): string {
  const quoted = values.map((value) => JSON.stringify(value));
  const last = quoted.at(-1) ?? "";
  return quoted.length < 2 ? last : `${quoted.slice(0, -1).join(", ")} or ${last}`;
}

function refuseUnbuiltGates(settings: Settings): Refusal | undefined {
  const gates = settings.get("feature-gates");
  const gate = FEATURE_GATE_NAMES.find((name) => gates[name] && !FEATURE_GATES[name].built);
  if (gate === undefined) return undefined;
  return refusal(`--feature-gates=${gate}=true is not built yet: remove it or set it to "${gate}=false"`);
}
