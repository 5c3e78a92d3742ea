import { OPTIONS, optionNamed } from "./options.ts";
import type { OptionName } from "./options.ts";
import { warning } from "./refusal.ts";
import type { ConfigWarning } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Says of every setting that is accepted and does nothing that it does nothing. */
export function ignoredWarnings(settings: Settings): readonly ConfigWarning[] {
  return OPTIONS.filter(({ name }) => optionNamed(name).status === "ignored" && differs(settings, name)).map(
    ({ name }) =>
      warning(`--${settings.writtenAs(name)} is accepted and has no effect`, { help: optionNamed(name).help }),
  );
}

/** Whether the value is another one than the default; `1m` and `60s` are one value. */
function differs(settings: Settings, name: OptionName): boolean {
  if (!settings.isGiven(name) || settings.textOf(name) === optionNamed(name).default) return false;
  return JSON.stringify(settings.get(name)) !== JSON.stringify(settings.getDefault(name));
}
