import { expect, test } from "vitest";
import { jsonLogger } from "../../../server/observability/json-logger.ts";
import { logDestination } from "../../../server/observability/log-destination.ts";

function outputs(count: number) {
  const lines: string[][] = Array.from({ length: count }, () => []);
  return { lines, streams: lines.map((own) => ({ write: (line: string): void => void own.push(line) })) };
}

test("every output gets every line", () => {
  const { lines, streams } = outputs(2);
  jsonLogger(logDestination(streams, "json"), "info").info("hello", { a: 1 });
  expect(lines[0]).toHaveLength(1);
  expect(JSON.parse(lines[0]?.[0] ?? "")).toMatchObject({ level: "info", msg: "hello", a: 1 });
  expect(lines[1]).toEqual(lines[0]);
});

test("a line for people has zap's columns", () => {
  const { lines, streams } = outputs(1);
  const logger = jsonLogger(logDestination(streams, "console"), "info");
  logger.warn("something odd", { name: "a b", list: [1, { deep: undefined }], ok: true });
  logger.info("plain");
  const [odd = "", plain = ""] = lines[0] ?? [];
  expect(odd).toMatch(
    /^\d{4}-\d{2}-\d{2}T[\d:.]+Z\twarn\tkvorum\/server\tsomething odd\t\{"name": "a b", "list": \[1, \{\}\], "ok": true\}\n$/,
  );
  expect(plain).toMatch(/Z\tinfo\tkvorum\/server\tplain\n$/);
});
