import { unreachable } from "../base/assert.ts";
import { parseDuration } from "./duration.ts";
import { parseFeatureGates } from "./feature-gates.ts";
import type { FeatureGates } from "./feature-gates.ts";
import { parseBool, parseInteger } from "./go-value.ts";
import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";
import { parseServerUrls } from "./server-url.ts";
import type { ServerUrl } from "./server-url.ts";
import type { Option, OptionKind } from "./option.ts";

/** What the text of a flag of each kind becomes; durations are milliseconds. */
export interface ValueOfKind {
  readonly bool: boolean;
  readonly string: string;
  readonly strings: readonly string[];
  readonly int: number;
  readonly uint: number;
  readonly uint32: number;
  readonly duration: number;
  readonly urls: readonly ServerUrl[];
  readonly "feature-gates": FeatureGates;
}

/** The value of any flag. */
export type OptionValue = ValueOfKind[OptionKind];

/** Reads the text of one flag. */
export function parseOptionValue(option: Option, text: string): Parsed<OptionValue> {
  if (option.choices !== undefined && !option.choices.includes(text)) {
    return rejected(option.repeatsBadChoice ? `invalid value ${JSON.stringify(text)}` : "invalid value");
  }
  switch (option.kind) {
    case "bool":
      return parseBool(text);
    case "string":
      return accepted(text);
    case "strings":
      return accepted(text === "" ? [] : text.split(","));
    case "int":
    case "uint":
    case "uint32":
      return parseInteger(text, option.kind);
    case "duration":
      return parseDuration(text);
    case "urls":
      return parseUrlsOrDefault(option, text);
    case "feature-gates":
      return parseFeatureGates(text);
    default:
      return unreachable(option.kind);
  }
}

/** An empty list of URLs leaves the default in place, as it does in etcd. */
function parseUrlsOrDefault(option: Option, text: string): Parsed<readonly ServerUrl[]> {
  const effective = text === "" ? option.default : text;
  return effective === "" ? accepted([]) : parseServerUrls(effective);
}
