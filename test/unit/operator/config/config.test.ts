import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ConfigError, loadConfig } from "../../../../operator/config/config.ts";
import { environmentName } from "../../../../operator/config/option.ts";
import { OPTIONS } from "../../../../operator/config/options.ts";
import { OPERATOR_VERSION } from "../../../../operator/config/version.ts";
import { KVORUM_VERSION } from "../../../../server/base/versions.ts";

describe("settings", () => {
  test("have defaults", () => {
    expect(loadConfig({}, {})).toEqual({
      watchNamespaces: [],
      image: "",
      namespace: "",
      identity: "",
      leaderElect: true,
      leaderElectionNamespace: "",
      concurrency: 4,
      resyncPeriod: 600_000,
      shutdownGrace: 20_000,
      metricsAddr: { host: "", port: 8080 },
      healthAddr: { host: "", port: 8081 },
      kubeconfig: "",
      context: "",
      logLevel: "info",
      logFormat: "auto",
    });
  });

  test("come from flags before the environment, and from there before the defaults; what is empty there is not set", () => {
    const environment = {
      KVORUM_OPERATOR_CONCURRENCY: "7",
      KVORUM_OPERATOR_LOG_LEVEL: "debug",
      KVORUM_OPERATOR_RESYNC_PERIOD: "",
    };
    const config = loadConfig({ "log-level": "warn" }, environment);
    expect([config.logLevel, config.concurrency, config.resyncPeriod]).toEqual(["warn", 7, 600_000]);
  });

  test("do not mind what Kubernetes sets for a Service of the operator's name", () => {
    const environment = { KVORUM_OPERATOR_PORT: "tcp://10.0.0.1:8080", KVORUM_OPERATOR_SERVICE_HOST: "10.0.0.1" };
    expect(loadConfig({}, environment)).toEqual(loadConfig({}, {}));
    const taken = /^KVORUM_OPERATOR_(SERVICE_.*|PORT(_.*)?|.*_SERVICE_(HOST|PORT.*)|.*_PORT(_\d+_.*)?)$/;
    expect(OPTIONS.map((option) => environmentName(option)).filter((name) => taken.test(name))).toEqual([]);
  });
});

test.each<[flag: string, text: string, value: unknown]>([
  ["watch-namespaces", "a, b,a", ["a", "b"]],
  ["leader-elect", "false", false],
  ["resync-period", "1m30s", 90_000],
  ["metrics-addr", "127.0.0.1:9", { host: "127.0.0.1", port: 9 }],
  ["metrics-addr", "[::1]:9", { host: "::1", port: 9 }],
  ["health-addr", "0", undefined],
])("--%s %s is %j", (flag, text, value) => {
  const [, property] = Object.entries(loadConfig({ [flag]: text }, {})).find(
    ([name]) => name.toLowerCase() === flag.replaceAll("-", ""),
  )!;
  expect(property).toEqual(value);
});

test.each<[flag: string, text: string, problem: string]>([
  ["watch-namespaces", "a,,b", 'must be names with commas between, such as team-a,team-b, not "a,,b"'],
  ["leader-elect", "yes", 'must be true or false, not "yes"'],
  ["concurrency", "0", 'must be a whole number from 1 to 100, not "0"'],
  ["concurrency", "1.5", 'must be a whole number from 1 to 100, not "1.5"'],
  ["resync-period", "10", 'must be a duration such as 500ms, 30s, 10m or 1h30m, not "10"'],
  ["resync-period", "1s", 'must be from 10s to 86400s, not "1s"'],
  ["metrics-addr", "8080", 'must be :PORT, HOST:PORT, [IPv6]:PORT, or 0 for none, not "8080"'],
  ["metrics-addr", ":99999", 'must be :PORT, HOST:PORT, [IPv6]:PORT, or 0 for none, not ":99999"'],
  ["log-level", "trace", 'must be debug or info or warn or error, not "trace"'],
])("--%s %s is refused with what to write instead, also from the environment", (flag, text, problem) => {
  expect(() => loadConfig({ [flag]: text }, {})).toThrow(`--${flag} ${problem}`);
  const variable = environmentName({ name: flag });
  expect(() => loadConfig({}, { [variable]: text })).toThrow(`${variable} ${problem}`);
});

test("all that is wrong is said at once", () => {
  const both = new ConfigError(
    '--concurrency must be a whole number from 1 to 100, not "x"\n' +
      'KVORUM_OPERATOR_LOG_FORMAT must be auto or json or text, not "y"',
  );
  expect(() => loadConfig({ concurrency: "x" }, { KVORUM_OPERATOR_LOG_FORMAT: "y" })).toThrow(both);
});

test("every default is a value, and every help a sentence", () => {
  for (const { name, help } of OPTIONS) expect(`${name}: ${help}`).toMatch(/^[a-z-]+: [A-Z].*\.$/);
});

test("operator, server and package are of one release", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect([OPERATOR_VERSION, KVORUM_VERSION]).toEqual([version, version]);
});
