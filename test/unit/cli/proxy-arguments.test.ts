import { expect, test } from "vitest";
import { GATEWAY } from "../../../server/cli/gateway-options.ts";
import { GRPC_PROXY } from "../../../server/cli/grpc-proxy-options.ts";
import { parseProxyArguments, type FlagValues } from "../../../server/cli/proxy-arguments.ts";

function flagsOf(...args: string[]): FlagValues {
  const parsed = parseProxyArguments(GATEWAY, args);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  return parsed.flags;
}

test("flags may stand before and after start, with the value behind or with a sign between", () => {
  const flags = flagsOf(
    "--endpoints=a:1,b:2",
    "--retry-delay",
    "3s",
    "start",
    "--insecure-discovery",
    "--endpoints",
    "c:3",
  );
  expect(flags.list("endpoints")).toEqual(["a:1", "b:2", "c:3"]);
  expect(flags.number("retry-delay")).toBe(3000);
  expect(flags.isSet("insecure-discovery")).toBe(true);
  expect(flags.text("listen-addr")).toBe("127.0.0.1:23790");
});

test("what is not given has etcd's default", () => {
  const flags = flagsOf("start");
  expect([flags.list("endpoints"), flags.number("retry-delay"), flags.given("discovery-srv")]).toEqual([
    ["127.0.0.1:2379"],
    60_000,
    undefined,
  ]);
});

test.each([
  [["start", "--foo"], "unknown flag: --foo"],
  [["start", "-x"], "unknown shorthand flag: 'x' in -x"],
  [["start", "--retry-delay"], "flag needs an argument: --retry-delay"],
  [["start", "--retry-delay=x"], 'invalid argument "x" for "--retry-delay" flag: parse error'],
])("%j is refused: %s", (args, message) => {
  expect(parseProxyArguments(GATEWAY, args)).toMatchObject({ kind: "refused", message });
});

test.each([[[]], [["--help"]], [["stop"]], [["--endpoints=a:1"]]])("%j gets help on the commands", (args) => {
  const parsed = parseProxyArguments(GRPC_PROXY, args);
  expect(parsed).toMatchObject({ kind: "help" });
  expect(parsed.kind === "help" && parsed.text).toContain("etcd grpc-proxy [command]");
});
