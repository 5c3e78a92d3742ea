import { expect, test } from "vitest";
import { CommandError } from "../../../server/cli/command-error.ts";
import { resultPrinter, type Result } from "../../../server/cli/result-printer.ts";

const RESULT: Result = {
  json: { hash: 7, name: "n" },
  fields: [
    ["Hash", 7],
    ["Long name", "n"],
  ],
  columns: [
    ["HASH", "7"],
    ["LONG NAME", "a longer name"],
  ],
};

test.each([
  ["simple", "7, a longer name\n"],
  ["json", '{"hash":7,"name":"n"}\n'],
  ["fields", '"Hash" : 7\n"Long name" : n\n'],
  [
    "table",
    `+------+---------------+
| HASH |   LONG NAME   |
+------+---------------+
|    7 | a longer name |
+------+---------------+
`,
  ],
])("a result is printed as %s", (format, text) => {
  expect(resultPrinter(format)(RESULT)).toBe(text);
});

test.each([
  ["protobuf", "protobuf not supported as output format"],
  ["toString", "unsupported output format"],
])("the format %s is refused with etcd's code", (format, reason) => {
  expect(() => resultPrinter(format)).toThrow(new CommandError(reason, 4));
});
