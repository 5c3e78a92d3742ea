import { expect, test } from "vitest";
import { refused, run } from "./load.ts";

const ROTATED = "--log-outputs stderr,/var/log/etcd.log --enable-log-rotation";

test.each([
  ["", ["stderr"]],
  ["--log-outputs default", ["stderr"]],
  ["--log-outputs stdout,stderr,stdout", ["stdout", "stderr"]],
  ["--log-outputs /var/log/etcd.log,stderr", ["/var/log/etcd.log", "stderr"]],
])("%s: the log goes there", (line, outputs) => {
  expect(run(line).logOutputs).toEqual(outputs);
});

test("a log is in JSON unless people are to read it", () => {
  expect(run("").logFormat).toBe("json");
  expect(run("--log-format=").logFormat).toBe("json");
  expect(run("--log-format console").logFormat).toBe("console");
});

test("rotation has lumberjack's settings", () => {
  const megabyte = 1024 * 1024;
  expect(run("").logRotation).toBeUndefined();
  expect(run(ROTATED).logRotation).toEqual({
    maxBytes: 100 * megabyte,
    maxAgeDays: 0,
    maxBackups: 0,
    isLocalTime: false,
    isCompressed: false,
  });
  const json = '{"maxsize":0,"MaxAge":7,"maxbackups":3,"localtime":true,"compress":true,"other":1}';
  expect(run(`${ROTATED} --log-rotation-config-json ${json}`).logRotation).toEqual({
    maxBytes: 100 * megabyte,
    maxAgeDays: 7,
    maxBackups: 3,
    isLocalTime: true,
    isCompressed: true,
  });
});

const ONE_FILE = "--log-outputs requires a single file path when --log-rotate-config-json is defined";

test.each([
  ["--log-format xml", "unknown log format: xml, supported values json, console"],
  ["--log-outputs default,/a", 'multi logoutput for "default" is not supported yet'],
  ["--log-outputs systemd/journal", /systemd\/journal is not built: use "stderr"/],
  ["--enable-log-rotation", ONE_FILE],
  ["--log-outputs /a,/b --enable-log-rotation", ONE_FILE],
  [`${ROTATED} --log-rotation-config-json {`, /^improperly formatted log rotation config: /],
  [`${ROTATED} --log-rotation-config-json []`, "invalid log rotation config: [] is not an object"],
  [`${ROTATED} --log-rotation-config-json {"maxage":"7"}`, 'invalid log rotation config: maxage cannot be "7"'],
])("%s is refused", (line, message) => {
  const refusal = refused(line);
  expect(refusal.exitCode).toBe(1);
  if (typeof message === "string") expect(refusal.message).toBe(message);
  else expect(refusal.message).toMatch(message);
});
