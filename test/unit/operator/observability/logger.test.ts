import { expect, test } from "vitest";
import { operatorLogger, type LogFormat, type LogLevel } from "../../../../operator/observability/logger.ts";

function logged(level: LogLevel, format: LogFormat) {
  const lines: string[] = [];
  const logger = operatorLogger({ level, format, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines };
}

test("a line is one JSON object with level, time and message", () => {
  const { logger, lines } = logged("info", "json");
  logger.with({ controller: "etcd-cluster" }).info("a step", { cluster: "a/db", step: "Promote" });
  expect(lines.length).toBe(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: "info",
    ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as unknown,
    controller: "etcd-cluster",
    cluster: "a/db",
    step: "Promote",
    msg: "a step",
  });
});

test("people get words", () => {
  const { logger, lines } = logged("info", "text");
  logger.warn("it waits", { cluster: "a/db", members: [1, 2] });
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}it waits {2}cluster=a\/db {2}members=\[1,2\]\n$/);
});

test("what is below the level is not written", () => {
  const { logger, lines } = logged("warn", "json");
  logger.debug("no");
  logger.info("no");
  logger.warn("yes");
  logger.error("yes");
  expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(["warn", "error"]);
});

test("an error says what caused it, and shows its stack to who debugs", () => {
  const error = new Error("outer", { cause: new Error("inner", { cause: "root" }) });
  const plain = logged("info", "json");
  plain.logger.error("failed", { error });
  expect(JSON.parse(plain.lines[0]!)).toMatchObject({ error: "outer: inner: root" });
  const debugging = logged("debug", "json");
  debugging.logger.error("failed", { error });
  expect((JSON.parse(debugging.lines[0]!) as { error: string }).error).toContain("logger.test.ts");
});
