import { describe, expect, test } from "vitest";
import { oneClusterId } from "../../e2e/observer/one-cluster-id.ts";
import { look, pod } from "./looks.ts";

describe("I4: there is one cluster id", () => {
  test("one everywhere is fine, also before there is any", () => {
    const { latchedClusterId, ...early } = look(0, { pods: [] });
    expect(latchedClusterId).toBe("c1");
    expect(oneClusterId([early, look(300)])).toEqual([]);
  });

  const other = { memberId: "b", clusterId: "c2", isLeader: true, hasLeader: true, raftTerm: 2 };
  test.each([
    ["a member that founded another cluster", look(300, { pods: [pod("a", 0), pod("b", 1, { process: other })] })],
    ["a member list of another cluster", look(300, { listedClusterId: "c2" })],
    ["another id in the status", look(300, { latchedClusterId: "c2" })],
  ])("%s is reported", (_, planted) => {
    const [violation] = oneClusterId([look(0), planted, look(600)]);
    expect(violation).toMatch(/^there are 2 cluster ids: c1 \(x-0 at 0.0 s\), c2 \(.* at 0.3 s\)$/);
  });
});
