import { describe, expect, test } from "vitest";
import { quorumKept } from "../../e2e/observer/quorum-kept.ts";
import { look, member, pod, silent, unlisted } from "./looks.ts";

const [a, b, c] = [pod("a", 0), pod("b", 1), pod("c", 2)];

describe("I3: a quorum is healthy after every step of the operator", () => {
  test("one pod after the other may be restarted", () => {
    const looks = [
      look(0),
      look(300, { pods: [a, b, { ...c, isTerminating: true }] }),
      look(600, { pods: [a, b] }),
      look(900, { pods: [a, b, { ...c, uid: "new" }] }),
      look(1200, { pods: [a, { ...b, isTerminating: true }, { ...c, uid: "new" }] }),
    ];
    expect(quorumKept(looks)).toEqual([]);
  });

  test("a pod that the operator stops while another is down is reported", () => {
    const looks = [
      look(0, { pods: [a, b, silent(c)] }),
      look(300, { pods: [a, { ...b, isTerminating: true }, silent(c)] }),
    ];
    expect(quorumKept(looks)).toEqual(["0.3 s: the operator stopped x-1, and 1 of 3 voters are healthy, 2 are needed"]);
  });

  test("a second stop is reported also when nobody lists members any more", () => {
    const looks = [
      look(0, { pods: [a, b, silent(c)] }),
      unlisted(look(300, { pods: [a, b, silent(c)] })),
      unlisted(look(600, { pods: [{ ...a, isTerminating: true }, b, silent(c)] })),
    ];
    expect(quorumKept(looks)).toHaveLength(1);
  });

  test("what the scenario stops is not the operator's step, and does not hide one", () => {
    const ours = { ...a, isOurDoing: true };
    const both = [{ ...ours, isTerminating: true }, { ...b, isTerminating: true }, c];
    expect(
      quorumKept([look(0, { pods: [ours, b, c] }), look(300, { pods: [{ ...ours, isTerminating: true }, b, c] })]),
    ).toEqual([]);
    expect(quorumKept([look(0, { pods: [ours, b, c] }), look(300, { pods: both })])).toHaveLength(1);
  });

  test("a removal that leaves too few healthy voters is reported", () => {
    const two = [member("a", 0), member("b", 1)];
    const looks = [look(0, { pods: [a, silent(b), c] }), look(300, { pods: [a, silent(b), c], members: two })];
    expect(quorumKept(looks)).toEqual([
      "0.3 s: the operator changed the voters (-c), and 1 of 2 voters are healthy, 2 are needed",
    ]);
  });

  test("a removal and a swap that leave enough are fine", () => {
    const swapped = [member("a", 0), member("d", 1), member("c", 2)];
    const looks = [
      look(0, { pods: [a, pod("d", 1), c] }),
      look(300, { pods: [a, pod("d", 1), c], members: swapped }),
      look(600, { pods: [a, pod("d", 1), c], members: swapped.slice(0, 2) }),
    ];
    expect(quorumKept(looks)).toEqual([]);
  });

  test("hibernation and deletion stop them all on purpose", () => {
    const pods = [a, b, c].map((each) => ({ ...each, isTerminating: true }));
    expect(quorumKept([look(0), look(300, { wanted: 0, pods })])).toEqual([]);
    expect(quorumKept([look(0), look(300, { isDeleting: true, pods })])).toEqual([]);
    expect(quorumKept([look(0), look(300, { pods })])).toHaveLength(1);
  });

  test("a lone voter may be restarted", () => {
    const lone = { members: [member("a", 0)], wanted: 1 };
    expect(quorumKept([look(0, { ...lone, pods: [a] }), look(300, { ...lone, pods: [] })])).toEqual([]);
  });
});
