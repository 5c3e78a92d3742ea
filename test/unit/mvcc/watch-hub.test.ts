import { expect, test } from "vitest";
import { Event_EventType } from "../../../server/proto/gen/kv_pb.js";
import type { Event } from "../../../server/proto/gen/kv_pb.js";
import { WatchHub } from "../../../server/mvcc/watch-hub.ts";
import type { Watcher } from "../../../server/mvcc/watch-hub.ts";
import { bytes, TestMachine, text } from "../../support/test-machine.ts";

interface Recorder extends Watcher {
  readonly seen: string[];
}

function watcher(key: string, rangeEnd = "", extra: Partial<Watcher> = {}): Recorder {
  const seen: string[] = [];
  return {
    key: bytes(key),
    rangeEnd: bytes(rangeEnd),
    noPut: false,
    noDelete: false,
    minRevision: 0,
    deliver: (events: readonly Event[], revision: number) => {
      const shown = events.map(
        ({ type, kv }) => `${type === Event_EventType.DELETE ? "-" : "+"}${text(kv?.key)}${text(kv?.value)}`,
      );
      seen.push(`${revision}:${shown.join(",")}`);
    },
    ...extra,
    seen,
  };
}

function watched(...watchers: readonly Watcher[]): TestMachine {
  const machine = new TestMachine();
  for (const one of watchers) machine.machine.watchHub.add(one);
  machine.put("a", "1");
  machine.put("b", "2");
  machine.delete("a", "z");
  return machine;
}

test.each([
  ["one key", watcher("a"), ["2:+a1", "4:-a"]],
  ["a range", watcher("a", "c"), ["2:+a1", "3:+b2", "4:-a,-b"]],
  ["from a key on", watcher("b", "\0"), ["3:+b2", "4:-b"]],
  ["another key", watcher("ab"), []],
  ["no puts", watcher("a", "z", { noPut: true }), ["4:-a,-b"]],
  ["no deletions", watcher("a", "z", { noDelete: true }), ["2:+a1", "3:+b2"]],
  ["only the future", watcher("a", "z", { minRevision: 4 }), ["4:-a,-b"]],
])("a watcher of %s gets its events, all of one revision at once", (_what, one, expected) => {
  watched(one);
  expect(one.seen).toEqual(expected);
});

test("many watchers of the same keys are told alike, and a removed one no more", () => {
  const watchers = Array.from({ length: 5 }, () => watcher("a", "b"));
  const machine = watched(...watchers);
  const hub: WatchHub = machine.machine.watchHub;
  expect(hub.watcherCount).toBe(5);
  expect([hub.remove(watchers[0]!), hub.remove(watchers[0]!)]).toEqual([true, false]);
  machine.put("a", "3");
  expect(watchers.map(({ seen }) => seen.length)).toEqual([2, 3, 3, 3, 3]);
  for (const one of watchers.slice(1)) expect(hub.remove(one)).toBe(true);
  expect(hub.watcherCount).toBe(0);
});

test("a put meets only the ranges that hold its key, however many there are", () => {
  const hub = new WatchHub();
  let delivered = 0;
  for (let i = 0; i < 20_000; i++) {
    const from = `k/${String(i).padStart(6, "0")}`;
    hub.add({ ...watcher(`${from}/`, `${from}0`), deliver: () => (delivered += 1) });
  }
  const machine = new TestMachine();
  const { events, revision } = machine.put("k/012345/x", "1");
  for (let i = 0; i < 1000; i++) hub.notify(events, revision);
  expect(delivered).toBe(1000);
});

test("the value before a change is found by its revision, until it is compacted", () => {
  const machine = new TestMachine();
  machine.put("a", "1");
  machine.put("a", "2");
  machine.put("a", "3");
  const { mvcc } = machine.machine;
  expect(mvcc.revisionAt(bytes("a"), 3)).toMatchObject({ main: 3, sub: 0 });
  expect(mvcc.revisionAt(bytes("a"), 1)).toBeUndefined();
  machine.compact(4);
  expect(mvcc.revisionAt(bytes("a"), 3)).toBeUndefined();
});
