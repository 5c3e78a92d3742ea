import { describe, expect, test } from "vitest";
import { sameEnd, type End } from "../../e2e/observer/same-end.ts";

const END: End = {
  clusterId: "c1",
  voters: ["x-0", "x-1", "x-2"],
  learners: [],
  pods: ["x-0", "x-1", "x-2"],
  claims: ["data-x-0", "data-x-1", "data-x-2"],
  everMembers: 3,
  isAvailable: true,
  isSettled: true,
};

describe("I8: an operator that is killed and resumes comes to the same end", () => {
  test("the same end is fine, whatever the order in lists", () => {
    expect(sameEnd(END, { ...END, voters: ["x-2", "x-0", "x-1"] })).toEqual([]);
  });

  test.each<[string, Partial<End>, string]>([
    ["a second cluster", { clusterId: "c2" }, "clusterId is c2 instead of c1"],
    ["a second MemberAdd", { everMembers: 4 }, "everMembers is 4 instead of 3"],
    ["a learner that was forgotten", { learners: ["x-3"] }, "learners is [x-3] instead of []"],
    ["a voter too few", { voters: ["x-0", "x-1"] }, "voters is [x-0 x-1] instead of [x-0 x-1 x-2]"],
    ["a pod that stayed", { pods: [...END.pods, "x-3"] }, "pods is [x-0 x-1 x-2 x-3] instead of [x-0 x-1 x-2]"],
    [
      "a claim that stayed",
      { claims: [...END.claims, "data-x-3"] },
      "claims is [data-x-0 data-x-1 data-x-2 data-x-3] instead of [data-x-0 data-x-1 data-x-2]",
    ],
    ["an operation for ever in flight", { isSettled: false }, "isSettled is false instead of true"],
    ["a cluster that does not serve", { isAvailable: false }, "isAvailable is false instead of true"],
  ])("%s is reported", (_, planted, violation) => {
    expect(sameEnd(END, { ...END, ...planted })).toEqual([violation]);
  });
});
