import { expect, test } from "vitest";
import { EXTRA_ARGS, isFreeFlag } from "../../../../operator/types/server-flags.ts";
import { OPTION_GROUPS } from "../../../../server/config/options.ts";

/** The one flag that is read before there are options. */
const NAMES = ["config-file", ...OPTION_GROUPS.flatMap(({ options }) => options.map(({ name }) => name))];

test("flags that decide who a member is, where it listens and how safe it is are not free", () => {
  const deciding = /^(name$|.*-dir$|config-file$|initial-(cluster|adv)|listen-|advertise-|discovery|force-|unsafe-)/;
  const named = NAMES.filter((name) => deciding.test(name));
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter(isFreeFlag)).toEqual([]);
});

test("nobody turns on TLS for one side of a cluster", () => {
  const named = NAMES.filter((name) => /(cert|tls|-ca-|key-file|crl)/.test(name));
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter(isFreeFlag)).toEqual([]);
});

test("flags that tune the server are free", () => {
  const tuning = ["max-txn-ops", "max-request-bytes", "log-level", "metrics", "compaction-batch-limit", "cors"];
  expect(tuning.filter((name) => !NAMES.includes(name) || !isFreeFlag(name))).toEqual([]);
});

test("every flag that the rules name is one of the server's", () => {
  const rules = EXTRA_ARGS.items["x-kubernetes-validations"].map(({ rule }) => rule).join(" ");
  const named = Array.from(rules.matchAll(/'([a-z0-9-]*[a-z0-9])'/g), ([, name = ""]) => name);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !NAMES.some((flag) => flag.startsWith(name)))).toEqual([]);
});
