import { describe, expect, test } from "vitest";
import { refused, run, warningsOf } from "./load.ts";

describe("the environment", () => {
  test("sets what no flag sets", () => {
    const env = { ETCD_NAME: "a", ETCD_SNAPSHOT_COUNT: "7", ETCD_AUTO_TLS: "true" };
    expect(run("--snapshot-catchup-entries=3", { env })).toMatchObject({
      name: "a",
      snapshotCount: 7,
      snapshotCatchupEntries: 3,
      clientTls: { autoTls: true },
    });
  });

  test("counts an empty variable as absent", () => {
    expect(run("", { env: { ETCD_NAME: "" } }).name).toBe("default");
  });

  test("may not contradict the command line", () => {
    expect(refused("--name a", { env: { ETCD_NAME: "b" } })).toEqual({
      exitCode: 1,
      message:
        'conflicting environment variable "ETCD_NAME" is shadowed by corresponding command-line flag ' +
        "(either unset environment variable or disable flag)",
    });
  });

  test("is refused where its value is none", () => {
    expect(refused("", { env: { ETCD_HEARTBEAT_INTERVAL: "x" } })).toEqual({
      exitCode: 1,
      message: 'invalid value "x" for ETCD_HEARTBEAT_INTERVAL: parse error',
    });
  });

  test("is warned of where it names no flag", () => {
    const env = { ETCD_NAME: "a", ETCD_NAMES: "b", ETCD_UNSUPPORTED_ARCH: "arm", ETCDCTL_API: "3", PATH: "/bin" };
    expect(warningsOf("--data-dir d", { env })).toEqual(["unrecognized environment variable | ETCD_NAMES"]);
  });

  test("demands client URLs to advertise as the flags do", () => {
    const env = { ETCD_LISTEN_CLIENT_URLS: "http://127.0.0.1:1" };
    expect(refused("", { env }).message).toMatch(/^--advertise-client-urls is required/);
  });
});
