import { describe, expect, test } from "vitest";
import type { ListedMember } from "../../e2e/observer/look.ts";
import type { MemberListAt } from "../../e2e/observer/member-lists.ts";
import { oneChangeAtATime } from "../../e2e/observer/one-change-at-a-time.ts";
import { member } from "./looks.ts";

const three = [member("a", 0), member("b", 1), member("c", 2)];
const at = (atMs: number, members: readonly ListedMember[] = three): MemberListAt => ({ atMs, members });

describe("I2: at most one change of members is in flight", () => {
  test("one learner after the other is fine, and so is a successor that shares a peer URL", () => {
    const lists = [
      at(0),
      at(100, [...three, member("d", 3, true)]),
      at(200, [...three, member("d", 3)]),
      at(400, [...three, member("d", 3), member("e", 1, true)]),
      at(500, [member("a", 0), member("c", 2), member("d", 3), member("e", 1)]),
    ];
    expect(oneChangeAtATime(lists)).toEqual([]);
  });

  test("two learners are reported", () => {
    const lists = [at(0), at(300, [...three, member("d", 3, true), member("e", 4, true)])];
    expect(oneChangeAtATime(lists)).toEqual(["0.3 s: d and e learn at the same time"]);
  });

  test("a voter that never learned is reported, once", () => {
    const four = [...three, member("d", 3)];
    expect(oneChangeAtATime([at(0), at(200, four), at(300, four)])).toEqual([
      "0.2 s: d (http://x-3.x-peers.e2e.svc:2380) votes and was never seen as a learner",
    ]);
  });

  test("between lists that are far apart it may have learned", () => {
    expect(oneChangeAtATime([at(0), at(300, [...three, member("d", 3)])])).toEqual([]);
  });
});
