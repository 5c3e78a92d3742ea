import { parse as parseYaml } from "yaml";
import { isMapping } from "../base/is-mapping.ts";
import { parseOptionValue } from "./option-value.ts";
import { flagNamed } from "./options.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";
import { refusal, warning } from "./refusal.ts";
import type { ConfigWarning, Refusal } from "./refusal.ts";
import { give } from "./given.ts";
import type { Given } from "./given.ts";
import type { Option } from "./option.ts";

/** The settings of a configuration file, or why it cannot be used. */
export type ConfigFile =
  { readonly kind: "given"; readonly given: Given; readonly warnings: readonly ConfigWarning[] } | Refusal;

/** Flags that have no key in the file: they say where the file is, or are read before it. */
const NOT_IN_FILE = new Set(["config-file", "version", "discovery-fallback"]);

/** A mapping within the file, and the flags behind its keys. */
interface Section {
  /** What stands before a key in the flag's name; without it only the keys in `names` have a flag. */
  readonly prefix?: string;
  readonly names: Readonly<Record<string, string>>;
  readonly sections?: Readonly<Record<string, Section>>;
}

/** The settings of v3 discovery, which etcd takes nowhere else in the file (etcd client/v3: ConfigSpec). */
const DISCOVERY: Section = {
  names: { token: "discovery-token" },
  sections: {
    client: {
      names: {
        endpoints: "discovery-endpoints",
        "request-timeout": "discovery-request-timeout",
        "dial-timeout": "discovery-dial-timeout",
        "keepalive-time": "discovery-keepalive-time",
        "keepalive-timeout": "discovery-keepalive-timeout",
      },
      sections: {
        secure: {
          names: {
            cert: "discovery-cert",
            key: "discovery-key",
            cacert: "discovery-cacert",
            "insecure-transport": "discovery-insecure-transport",
            "insecure-skip-tls-verify": "discovery-insecure-skip-tls-verify",
          },
        },
        auth: { names: { username: "discovery-user", password: "discovery-password" } },
      },
    },
  },
};

const SECTIONS: Readonly<Record<string, Section>> = {
  "client-transport-security": { prefix: "", names: { "allowed-hostname": "client-cert-allowed-hostname" } },
  "peer-transport-security": {
    prefix: "peer-",
    names: { "allowed-cn": "peer-cert-allowed-cn", "allowed-hostname": "peer-cert-allowed-hostname" },
  },
  "socket-options": { prefix: "socket-", names: {} },
  "discovery-config": DISCOVERY,
};

/** Flags whose only place in the file is a section. */
const ONLY_IN_SECTION = new Set(flagsIn(DISCOVERY));

/** Keys of a section that are accepted and do nothing, and why. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ["discovery-config.client.max-request-bytes", "The messages of discovery are all small."],
  ["discovery-config.client.max-recv-bytes", "The messages of discovery are all small."],
  [
    // etcd hands it to its client, where gRPC puts the endpoint's host over it.
    "discovery-config.client.secure.server-name",
    "The service's certificate has to be for the endpoint's host, as in etcd.",
  ],
]);

/** A key of etcd's that is not the name of the flag it stands for. */
const OTHER_KEYS: Readonly<Record<string, string>> = {
  "experimental-snapshot-catch-up-entries": "experimental-snapshot-catchup-entries",
};

interface Entry {
  readonly key: string;
  readonly flag: string | undefined;
  readonly inSection: boolean;
  readonly value: unknown;
}

/**
 * Reads a configuration file: YAML or JSON with the flags' names as keys, TLS and discovery in sections of their own. A
 * key without a value leaves the default in place; a key that is no flag is only warned of, as etcd passes over it, except
 * in a section: there an unknown key may be what keeps strangers out.
 */
export function readConfigFile(path: string, text: string): ConfigFile {
  const document = parseDocument(text);
  if (!document.ok) return refusal(`cannot read the configuration file ${path}: ${document.reason}`);
  const given = new Map<string, string>();
  const warnings: ConfigWarning[] = [];
  for (const [key, value] of Object.entries(document.value)) {
    const entries = entriesOf(key, value);
    if (!entries.ok) return refusal(entries.reason);
    for (const entry of entries.value.filter((candidate) => !isEmpty(candidate.value))) {
      const setting = readEntry(path, entry);
      if (setting.kind === "refused") return setting;
      if (setting.kind === "passed-over") warnings.push(setting.warning);
      else give(given, setting.flag, setting.text);
    }
  }
  return { kind: "given", given, warnings };
}

type ReadEntry =
  | { readonly kind: "setting"; readonly flag: string; readonly text: string }
  | { readonly kind: "passed-over"; readonly warning: ConfigWarning }
  | Refusal;

function readEntry(path: string, { key, flag, inSection, value }: Entry): ReadEntry {
  const option = flag === undefined || NOT_IN_FILE.has(flag) ? undefined : flagNamed(flag);
  if (option === undefined || (!inSection && ONLY_IN_SECTION.has(option.name))) {
    const why = WITHOUT_EFFECT.get(key);
    if (why !== undefined) return passedOver(`${key} is accepted and has no effect`, { path, help: why });
    return inSection && value !== false
      ? refusal(`${key} in ${path} is no setting: remove it or correct its name`)
      : passedOver("unrecognized key in the configuration file", { path, key });
  }
  const text = textOf(option, value);
  if (text === undefined) return refusal(`invalid value for ${key} in ${path}: not a value of this kind`);
  const parsed = parseOptionValue(option, text);
  if (!parsed.ok) return refusal(`invalid value for ${key} in ${path}: ${parsed.reason}`);
  return { kind: "setting", flag: option.name, text };
}

function passedOver(message: string, fields: ConfigWarning["fields"]): ReadEntry {
  return { kind: "passed-over", warning: warning(message, fields) };
}

type Document =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly reason: string };

function parseDocument(text: string): Document {
  try {
    const value: unknown = parseYaml(text) ?? {};
    return isMapping(value) ? { ok: true, value } : { ok: false, reason: "it is not a mapping of keys to values" };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

/** The settings that a key of the file stands for. */
function entriesOf(key: string, value: unknown): Parsed<readonly Entry[]> {
  const section = Object.hasOwn(SECTIONS, key) ? SECTIONS[key] : undefined;
  return section === undefined
    ? accepted([{ key, flag: OTHER_KEYS[key] ?? key, inSection: false, value }])
    : entriesIn(section, key, value);
}

/** The settings in a section and in those within it; what is no mapping has none. */
function entriesIn(section: Section, path: string, value: unknown): Parsed<readonly Entry[]> {
  if (value === null) return accepted([]);
  if (!isMapping(value)) return rejected(`invalid ${path}`);
  const sections = new Map(Object.entries(section.sections ?? {}));
  const entries: Entry[] = [];
  for (const [inner, innerValue] of Object.entries(value)) {
    const key = `${path}.${inner}`;
    const within = sections.get(inner);
    if (within === undefined) entries.push({ key, flag: flagOf(section, inner), inSection: true, value: innerValue });
    else {
      const found = entriesIn(within, key, innerValue);
      if (!found.ok) return found;
      entries.push(...found.value);
    }
  }
  return accepted(entries);
}

function flagOf({ prefix, names }: Section, key: string): string | undefined {
  if (Object.hasOwn(names, key)) return names[key];
  return prefix === undefined ? undefined : prefix + key;
}

function flagsIn({ names, sections = {} }: Section): readonly string[] {
  return [...Object.values(names), ...Object.values(sections).flatMap(flagsIn)];
}

/** The text that would stand after the flag. A bare number for a duration is nanoseconds, as in etcd's files. */
function textOf(option: Option, value: unknown): string | undefined {
  if (Array.isArray(value)) return value.every(isScalar) ? value.map(String).join(",") : undefined;
  if (option.kind === "duration" && typeof value === "number") return `${value}ns`;
  return isScalar(value) ? String(value) : undefined;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}
