import { fromJson, type DescField, type DescMessage, type JsonValue, type Message } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Random } from "../../../server/base/prng.ts";

/** Messages within messages, at most. */
const MAX_DEPTH = 4;
const INTEGERS = ["0", "1", "-1", "7", "1000", "9223372036854775807", "-9223372036854775808"];
const TEXTS = ["", "a", "root", "http://127.0.0.1:9", "é\u{1f600}", "x".repeat(300)];

/** A valid message with some of its fields set, the rest left out. */
export function sampleMessage(desc: DescMessage, random: Random): Message {
  return fromJson(desc, sampleJson(desc, random, 0), { ignoreUnknownFields: true });
}

/** The same as JSON. */
export function sampleJson(desc: DescMessage, random: Random, depth: number): JsonValue & object {
  const fields = desc.members.flatMap((member) => {
    const field = member.kind === "oneof" ? member.fields[random.below(member.fields.length)] : member;
    if (!field || random.below(3) === 0) return [];
    const value = fieldJson(field, random, depth);
    return value === undefined ? [] : [[field.jsonName, value] as const];
  });
  return Object.fromEntries(fields);
}

function fieldJson(field: DescField, random: Random, depth: number): JsonValue | undefined {
  switch (field.fieldKind) {
    case "scalar":
      return scalarJson(field.scalar, random);
    case "enum":
      return random.below(5);
    case "message":
      return depth < MAX_DEPTH ? sampleJson(field.message, random, depth + 1) : undefined;
    case "list":
      return Array.from({ length: random.below(3) }, () => itemJson(field, random, depth)).filter(
        (item) => item !== undefined,
      );
    case "map":
      return undefined;
  }
}

function itemJson(
  field: DescField & { readonly fieldKind: "list" },
  random: Random,
  depth: number,
): JsonValue | undefined {
  if (field.listKind === "scalar") return scalarJson(field.scalar, random);
  if (field.listKind === "enum") return random.below(5);
  return depth < MAX_DEPTH ? sampleJson(field.message, random, depth + 1) : undefined;
}

function scalarJson(scalar: ScalarType, random: Random): JsonValue {
  return SCALARS.get(scalar)?.(random) ?? random.below(1000);
}

function pick(list: readonly string[], random: Random): string {
  return list[random.below(list.length)] ?? "";
}

const SCALARS = new Map<ScalarType, (random: Random) => JsonValue>([
  [ScalarType.STRING, (random) => pick(TEXTS, random)],
  [ScalarType.BYTES, (random) => Buffer.from(pick(TEXTS, random)).toString("base64")],
  [ScalarType.BOOL, (random) => random.below(2) === 1],
  [ScalarType.INT64, (random) => pick(INTEGERS, random)],
  [ScalarType.UINT64, (random) => pick(INTEGERS, random).replace("-", "")],
]);
