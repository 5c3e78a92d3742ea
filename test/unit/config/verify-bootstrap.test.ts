import { describe, expect, test } from "vitest";
import { verifyBootstrap } from "../../../server/config/verify-bootstrap.ts";
import { run } from "./load.ts";

describe("founding a cluster", () => {
  test.each([
    "",
    "--name a",
    "--name a --initial-cluster a=http://127.0.0.1:2380",
    "--name a --initial-cluster a=http://a:1,b=http://b:1 --initial-advertise-peer-urls http://A:1",
    "--name a --initial-cluster a=http://a:1,a=http://a:2 --initial-advertise-peer-urls http://a:2,http://a:1",
    "--name a --initial-cluster a=http://a:1 --initial-cluster-state existing",
  ])("is possible with: %s", (line) => {
    expect(verifyBootstrap(run(line))).toBeUndefined();
  });

  test.each([
    ["--name a --initial-cluster b=http://b:1", `couldn't find local name "a" in the initial cluster configuration`],
    ["--initial-cluster=", `couldn't find local name "default" in the initial cluster configuration`],
    [
      "--name a --initial-cluster a=http://a:1",
      "--initial-cluster has a=http://a:1 but missing from --initial-advertise-peer-urls=http://localhost:2380",
    ],
    [
      "--name a --initial-cluster a=http://a:1 --initial-advertise-peer-urls http://a:1,http://a:2",
      "--initial-advertise-peer-urls has http://a:2 but missing from --initial-cluster=a=http://a:1",
    ],
    [
      "--name a --initial-cluster a=http://a:1,b=http://a:1 --initial-advertise-peer-urls http://a:1",
      "initial cluster a=http://a:1,b=http://a:1 has duplicate url",
    ],
  ])("is refused with %s", (line, message) => {
    expect(verifyBootstrap(run(line))).toBe(message);
  });
});
