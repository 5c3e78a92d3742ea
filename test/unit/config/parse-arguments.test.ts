import { describe, expect, test } from "vitest";
import { normalizeArguments } from "../../../server/config/parse-arguments.ts";
import { load, refused, run } from "./load.ts";

describe("a command line in Go's syntax", () => {
  test.each([
    ["-name a", ["--name=a"]],
    ["--name a", ["--name=a"]],
    ["-name=a", ["--name=a"]],
    ["--name=a", ["--name=a"]],
    ["--name=", ["--name="]],
    ["--name=a=b", ["--name=a=b"]],
    ["--name --data-dir", ["--name=--data-dir"]],
    ["--auto-tls", ["--auto-tls=true"]],
    ["--auto-tls --name a", ["--auto-tls=true", "--name=a"]],
    ["-auto-tls=F", ["--auto-tls=F"]],
    ["--name a --", ["--name=a"]],
  ])("%s becomes %j", (line, flags) => {
    expect(normalizeArguments(line.split(" "))).toEqual({ kind: "flags", flags });
  });

  test("lets the later of two win", () => {
    expect(run("--name a --name=b").name).toBe("b");
  });

  test("adds feature gates up", () => {
    const { featureGates } = run("--feature-gates=LeaseCheckpoint=true --feature-gates=CompactHashCheck=true");
    expect(featureGates).toMatchObject({ LeaseCheckpoint: true, CompactHashCheck: true });
  });

  test.each([
    ["--quota-backend-bytes=0x10", 16],
    ["--quota-backend-bytes=0b11", 3],
    ["--quota-backend-bytes=010", 8],
    ["--quota-backend-bytes=8_589_934_592", 8589934592],
    ["--quota-backend-bytes=-1", -1],
    ["--quota-backend-bytes=9223372036854775807", 2 ** 63],
  ])("reads the number of %s as %d", (line, bytes) => {
    expect(run(line).quotaBackendBytes).toBe(bytes);
  });

  test.each([
    ["1m30s", 90_000],
    ["100ms", 100],
    ["1.5h", 5_400_000],
    ["2h45m10s", 9_910_000],
    [".5s", 500],
    ["0", 0],
    ["-1s", -1000],
    ["1us", 0.001],
  ])("reads the duration %s as %d ms", (text, ms) => {
    expect(run(`--grpc-keepalive-interval=${text}`).grpcKeepaliveIntervalMs).toBe(ms);
  });

  test.each([
    ["--foo", "flag provided but not defined: -foo"],
    ["-foo=1", "flag provided but not defined: -foo"],
    ["--no-pre-vote", "flag provided but not defined: -no-pre-vote"],
    ["---x", "bad flag syntax: ---x"],
    ["--=3", "bad flag syntax: --=3"],
    ["--name", "flag needs an argument: -name"],
    ["--strict-reconfig-check=maybe", 'invalid boolean value "maybe" for -strict-reconfig-check: parse error'],
    ["--heartbeat-interval=abc", 'invalid value "abc" for flag -heartbeat-interval: parse error'],
    ["--heartbeat-interval=-1", 'invalid value "-1" for flag -heartbeat-interval: parse error'],
    ["--quota-backend-bytes=0x1z", 'invalid value "0x1z" for flag -quota-backend-bytes: parse error'],
    [
      "--max-learners=99999999999999999999",
      'invalid value "99999999999999999999" for flag -max-learners: value out of range',
    ],
    ["--grpc-keepalive-timeout=5", 'invalid value "5" for flag -grpc-keepalive-timeout: parse error'],
    ["--initial-cluster-state=foo", 'invalid value "foo" for flag -initial-cluster-state: invalid value'],
    [
      "--listen-client-urls=foo:1",
      'invalid value "foo:1" for flag -listen-client-urls: URL scheme must be http, https, unix, or unixs: foo:1',
    ],
    [
      "--listen-client-urls=http://foo",
      'invalid value "http://foo" for flag -listen-client-urls: URL address does not have the form "host:port": http://foo',
    ],
    [
      "--listen-client-urls=http://127.0.0.1:1/x",
      'invalid value "http://127.0.0.1:1/x" for flag -listen-client-urls: URL must not contain a path: http://127.0.0.1:1/x',
    ],
    ["--feature-gates=Foo=true", 'invalid value "Foo=true" for flag -feature-gates: unrecognized feature gate: Foo'],
    ["--feature-gates=AllAlpha", 'invalid value "AllAlpha" for flag -feature-gates: missing bool value for AllAlpha'],
    [
      "--feature-gates=AllAlpha=x",
      'invalid value "AllAlpha=x" for flag -feature-gates: invalid value of AllAlpha=x, err: strconv.ParseBool: parsing "x": invalid syntax',
    ],
  ])("refuses %s as etcd does, with exit code 2", (line, message) => {
    expect(refused(line)).toEqual({ exitCode: 2, message });
  });

  test.each(["xyz", "--name a xyz", "--auto-tls true", "-- xyz", "-"])(
    "refuses the word that belongs to no flag in: %s",
    (line) => {
      const word = line.split(" ").at(-1);
      expect(refused(line)).toEqual({ exitCode: 1, message: `"${word}" is not a valid flag` });
    },
  );

  test.each([
    ["-h", "help"],
    ["--help", "help"],
    ["--name a --help --foo", "help"],
    ["--version", "version"],
    ["--version --election-timeout=1", "version"],
    ["--version=false", "run"],
    ["--foo --help", "refused"],
    ["--version xyz", "refused"],
  ])("%s ends in %s", (line, kind) => {
    expect(load(line).kind).toBe(kind);
  });

  test("never repeats a secret", () => {
    expect(refused("--discovery-password hunter2 --discovery-token t").message).not.toContain("hunter2");
  });
});
