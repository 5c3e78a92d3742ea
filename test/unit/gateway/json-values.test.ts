import * as fc from "fast-check";
import { expect, test } from "vitest";
import { JsonValues } from "../../../server/gateway/json-values.ts";

function split(pieces: readonly string[], maxLength = 1000): string[] {
  const values = new JsonValues(maxLength);
  const all = pieces.flatMap((piece) => [...values.push(piece)]);
  const rest = values.rest();
  return rest === "" ? all : [...all, rest];
}

test.each<[string, readonly string[]]>([
  ["", []],
  [" \n ", []],
  ["{}{}", ["{}", "{}"]],
  [' {"a":"}{"} [1,[2]]', ['{"a":"}{"}', "[1,[2]]"]],
  ['{"a":"\\"}"}{"b":"\\\\"}', ['{"a":"\\"}"}', '{"b":"\\\\"}']],
  ["7 null true", ["7", "null", "true"]],
  ['"x""y"', ['"x"', '"y"']],
  ['{"cut":', ['{"cut":']],
  ["{bad", ["{bad"]],
  ["}{}", ["}", "{}"]],
])("%j holds these values", (text, expected) => {
  expect(split([text])).toEqual(expected);
});

test("it does not matter where the text is cut", () => {
  const value = fc.oneof(fc.object({ maxDepth: 2 }), fc.array(fc.string()));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 4 }), fc.array(fc.nat(200), { maxLength: 6 }), (values, cuts) => {
      const texts = values.map((one) => JSON.stringify(one));
      const whole = texts.join("\n");
      const places = [0, ...cuts.filter((cut) => cut < whole.length).toSorted((a, b) => a - b), whole.length];
      const pieces = places.slice(1).map((place, at) => whole.slice(places[at], place));
      expect(split(pieces, 1_000_000)).toEqual(texts);
    }),
  );
});

test("a value that is too long is refused before it ends", () => {
  expect(() => split([`{"a":"${"x".repeat(2000)}`])).toThrow("received message larger than max");
});
