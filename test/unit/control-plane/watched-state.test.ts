import { describe, expect, test } from "vitest";
import type { KubeEvent, KubeObject } from "../../integration/control-plane/kube-api.ts";
import { differences, viewOf, WatchedState } from "../../integration/control-plane/watched-state.ts";

function object(name: string, resourceVersion: number): KubeObject {
  return { metadata: { namespace: "n", name, uid: name, resourceVersion: String(resourceVersion) } };
}

function list(resourceVersion: number, ...items: readonly KubeObject[]) {
  return { metadata: { resourceVersion: String(resourceVersion) }, items };
}

type Event = readonly [type: KubeEvent["type"], name: string, resourceVersion: number];

/** A watcher that began with `a` at 3, listed at 5, and heard these events. */
function heard(...events: readonly Event[]): WatchedState {
  const state = new WatchedState();
  state.list(list(5, object("a", 3)));
  for (const [type, name, resourceVersion] of events) state.event({ type, object: object(name, resourceVersion) });
  return state;
}

describe("what a watcher knows", () => {
  const history: readonly Event[] = [
    ["ADDED", "b", 6],
    ["MODIFIED", "a", 8],
    ["BOOKMARK", "", 9],
    ["DELETED", "b", 10],
    ["ADDED", "c", 12],
  ];

  test("it is what a list shows after the same events", () => {
    const state = heard(...history);
    expect(state.violations).toEqual([]);
    expect(differences(viewOf(list(12, object("a", 8), object("c", 12))), state.view, ["list", "watcher"])).toEqual([]);
    expect([state.events, state.resourceVersion]).toEqual([4, "12"]);
  });

  test.each(history.map((event, at) => [event, at] as const).filter(([[type]]) => type !== "BOOKMARK"))(
    "an event that is dropped is reported: %j",
    (_event, at) => {
      const state = heard(...history.filter((_, index) => index !== at));
      const quorum = viewOf(list(12, object("a", 8), object("c", 12)));
      const complaints = [...state.violations, ...differences(quorum, state.view, ["the list", "the watcher"])];
      expect(complaints).not.toEqual([]);
    },
  );

  test.each<readonly [readonly Event[], string]>([
    [[["MODIFIED", "a", 5]], "after 5 (BOOKMARK) came MODIFIED of 5"],
    [[["MODIFIED", "a", 4]], "after 5 (BOOKMARK) came MODIFIED of 4"],
    [[["BOOKMARK", "", 4]], "after 5 (BOOKMARK) came BOOKMARK of 4"],
    [
      [
        ["ADDED", "b", 7],
        ["DELETED", "b", 7],
      ],
      "after 7 (ADDED) came DELETED of 7",
    ],
    [[["ADDED", "a", 6]], "ADDED of n/a at 6, which was there"],
    [[["MODIFIED", "b", 6]], "MODIFIED of n/b at 6, which was not there"],
    [[["DELETED", "b", 6]], "DELETED of n/b at 6, which was not there"],
  ])("%j is reported", (events, violation) => {
    expect(heard(...events).violations).toEqual([violation]);
  });

  test("the objects of a lease that ended go at one version", () => {
    const events: readonly Event[] = [
      ["ADDED", "b", 6],
      ["DELETED", "a", 7],
      ["DELETED", "b", 7],
    ];
    expect(heard(...events).violations).toEqual([]);
  });

  test("a list that is older than what was seen is reported", () => {
    const state = heard(["MODIFIED", "a", 9]);
    state.list(list(8, object("a", 8)));
    expect(state.violations).toEqual(["after 9 came a list of 8"]);
  });

  test("an error of the watch changes nothing", () => {
    const state = heard();
    state.event({ type: "ERROR", object: { ...object("", 0), code: 410, message: "too old" } });
    expect([state.resourceVersion, state.violations]).toEqual(["5", []]);
  });
});

test("views differ by what one of them lacks or has at another version", () => {
  const one = new Map([
    ["a", "1"],
    ["b", "2"],
    ["d", "4"],
  ]);
  const other = new Map([
    ["a", "1"],
    ["b", "3"],
    ["c", "4"],
  ]);
  expect(differences(one, other, ["m0", "m1"])).toEqual([
    "b: m0 has 2, m1 3",
    "c: m0 has nothing, m1 4",
    "d: m0 has 4, m1 nothing",
  ]);
});
