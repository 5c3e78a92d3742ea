import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ALIASES } from "../../../server/config/aliases.ts";
import { parseOptionValue } from "../../../server/config/option-value.ts";
import { ALL_FLAGS, OPTION_GROUPS, flagNamed } from "../../../server/config/options.ts";

const etcdFlags = readFileSync(new URL("etcd-flags.txt", import.meta.url), "utf8")
  .trim()
  .split("\n");

describe("the table of options", () => {
  test("has exactly the 136 flags of etcd 3.6, config-file and version", () => {
    expect(etcdFlags).toHaveLength(136);
    expect(ALL_FLAGS.map(({ name }) => name).toSorted()).toEqual([...etcdFlags, "config-file", "version"].toSorted());
  });

  test("lists every flag of etcd once under a heading", () => {
    const listed = OPTION_GROUPS.flatMap(({ options }) => options.map(({ name }) => name));
    expect(listed.toSorted()).toEqual(etcdFlags.toSorted());
  });

  test("has a default for every flag that the flag itself accepts", () => {
    for (const option of ALL_FLAGS) {
      expect(parseOptionValue(option, option.default), option.name).toMatchObject({ ok: true });
    }
  });

  test("explains every flag in one sentence or more", () => {
    for (const { name, help } of ALL_FLAGS) expect(help, name).toMatch(/^[A-Z"].*\.$/);
  });

  test("gives an old name the kind, the default and the status of what replaced it", () => {
    expect(ALIASES).toHaveLength(23);
    for (const alias of ALIASES.filter((row) => "flag" in row)) {
      const { kind, default: byDefault, status } = flagNamed(alias.flag)!;
      expect(flagNamed(alias.name)).toMatchObject({ kind, default: byDefault, status });
    }
  });

  test.each([
    "name data-dir listen-client-urls advertise-client-urls listen-peer-urls initial-advertise-peer-urls",
    "initial-cluster initial-cluster-token initial-cluster-state snapshot-count quota-backend-bytes strict-reconfig-check",
    "listen-metrics-urls listen-client-http-urls cert-file key-file trusted-ca-file client-cert-auth auto-tls",
    "peer-cert-file peer-key-file peer-trusted-ca-file peer-client-cert-auth peer-auto-tls auth-token log-level",
    "experimental-watch-progress-notify-interval watch-progress-notify-interval feature-gates",
    "experimental-initial-corrupt-check snapshot-catchup-entries heartbeat-interval election-timeout",
  ])("counts as working what no cluster starts without: %s", (names) => {
    for (const name of names.split(" ")) expect(flagNamed(name)?.status, name).toBe("works");
  });
});
