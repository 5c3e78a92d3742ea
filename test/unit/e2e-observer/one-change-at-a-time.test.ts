import { describe, expect, test } from "vitest";
import { oneChangeAtATime } from "../../e2e/observer/one-change-at-a-time.ts";
import { look, member, unlisted } from "./looks.ts";

const three = [member("a", 0), member("b", 1), member("c", 2)];

describe("I2: at most one change of members is in flight", () => {
  test("one learner after the other is fine, and so is a successor that shares a peer URL", () => {
    const looks = [
      look(0),
      look(300, { members: [...three, member("d", 3, true)] }),
      look(600, { members: [...three, member("d", 3)] }),
      unlisted(look(900)),
      look(1200, { members: [...three, member("d", 3), member("e", 1, true)] }),
      look(1500, { members: [member("a", 0), member("c", 2), member("d", 3), member("e", 1)] }),
    ];
    expect(oneChangeAtATime(looks)).toEqual([]);
  });

  test("two learners are reported", () => {
    const looks = [look(0), look(300, { members: [...three, member("d", 3, true), member("e", 4, true)] })];
    expect(oneChangeAtATime(looks)).toEqual(["0.3 s: d and e learn at the same time"]);
  });

  test("a voter that never learned is reported, once", () => {
    const four = [...three, member("d", 3)];
    const looks = [look(0), look(300, { members: four }), look(600, { members: four })];
    expect(oneChangeAtATime(looks)).toEqual([
      "0.3 s: d (http://x-3.x-peers.e2e.svc:2380) votes and was never seen as a learner",
    ]);
  });

  test("looks that are far apart may have missed its learning", () => {
    expect(oneChangeAtATime([look(0), look(9000, { members: [...three, member("d", 3)] })])).toEqual([]);
  });
});
