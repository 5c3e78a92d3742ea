import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Event_EventType as EventType } from "../../../server/proto/gen/kv_pb.js";
import { WatchResponseSchema } from "../../../server/proto/gen/rpc_pb.js";
import { WatchRanges, type WatchSink } from "../../../server/proxy/watch-ranges.ts";
import { WatchReceiver, type WatchNews, type WatchWishes } from "../../../server/proxy/watch-receiver.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
const KEYS = { key: Uint8Array.of(97), rangeEnd: new Uint8Array() };

interface FakeWatch {
  readonly sink: WatchSink;
  readonly token: string | undefined;
  isOpen: boolean;
  say(response: MessageInitShape<typeof WatchResponseSchema>): void;
}

/** A cluster whose watches say what the test wants. */
function cluster(): { readonly ranges: WatchRanges; readonly watches: FakeWatch[] } {
  const watches: FakeWatch[] = [];
  const ranges = new WatchRanges((_keys, token, sink) => {
    const watch: FakeWatch = {
      sink,
      token,
      isOpen: true,
      say: (response) => sink.deliver(create(WatchResponseSchema, response)),
    };
    watches.push(watch);
    return {
      close: () => {
        watch.isOpen = false;
      },
    };
  });
  return { ranges, watches };
}

interface Watcher {
  readonly receiver: WatchReceiver;
  readonly news: WatchNews[];
  /** The revisions of the events that it has got. */
  readonly revisions: () => bigint[];
}

function watcher(wishes: Partial<WatchWishes> = {}): Watcher {
  const news: WatchNews[] = [];
  const all = {
    startRevision: 0n,
    wantsProgress: false,
    wantsPrevious: false,
    noPut: false,
    noDelete: false,
    ...wishes,
  };
  const receiver = new WatchReceiver(all, (item) => news.push(item));
  return { receiver, news, revisions: () => news.flatMap(({ events }) => events.map(({ kv }) => kv!.modRevision)) };
}

const created = (revision: bigint) => ({ header: { revision }, created: true });
const put = (...revisions: bigint[]) => ({
  header: { revision: revisions.at(-1)! },
  events: revisions.map((modRevision) => ({ kv: { modRevision }, prevKv: { modRevision: 1n } })),
});

test("two watchers that begin together share one watch of the cluster, and both hear that it was created", () => {
  const { ranges, watches } = cluster();
  const [one, two] = [watcher(), watcher()];
  for (const { receiver } of [one, two]) ranges.add(KEYS, receiver, undefined);
  watches[0]!.say(created(10n));
  watches[0]!.say(put(11n));
  expect(watches).toHaveLength(1);
  for (const { news, revisions } of [one, two]) {
    expect([news.map((item) => item.created), revisions()]).toEqual([[true, false], [11n]]);
  }
  expect([ranges.coalescedWatchers, ranges.coalescedEvents]).toEqual([1, 2]);
});

test("a watcher that comes later for what comes next gets a watch of its own until both are at the same place", () => {
  const { ranges, watches } = cluster();
  const [one, two] = [watcher(), watcher()];
  ranges.add(KEYS, one.receiver, undefined);
  watches[0]!.say(created(10n));
  ranges.add(KEYS, two.receiver, undefined);
  expect(watches).toHaveLength(2);
  watches[1]!.say(created(10n));
  expect(watches.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  watches.find(({ isOpen }) => isOpen)!.say(put(11n));
  expect([one.revisions(), two.revisions()]).toEqual([[11n], [11n]]);
  expect(ranges.coalescedWatchers).toBe(1);
});

test("a watcher that names a revision which is still to come joins at once and is told that it was created", () => {
  const { ranges, watches } = cluster();
  const [one, two] = [watcher(), watcher({ startRevision: 12n })];
  ranges.add(KEYS, one.receiver, undefined);
  watches[0]!.say(created(10n));
  ranges.add(KEYS, two.receiver, undefined);
  expect(two.news).toMatchObject([{ created: true, header: { revision: 10n } }]);
  watches[0]!.say(put(11n));
  watches[0]!.say(put(12n, 12n));
  expect([one.revisions(), two.revisions()]).toEqual([
    [11n, 12n, 12n],
    [12n, 12n],
  ]);
  expect(watches).toHaveLength(1);
});

test("who reads history is not joined to the others before its events are", () => {
  const { ranges, watches } = cluster();
  const [now, old] = [watcher(), watcher({ startRevision: 2n })];
  ranges.add(KEYS, now.receiver, undefined);
  watches[0]!.say(created(10n));
  ranges.add(KEYS, old.receiver, undefined);
  watches[1]!.say(created(10n));
  // The header is that of the store, far ahead of the events.
  watches[1]!.say({ ...put(2n, 3n), header: { revision: 10n } });
  watches[0]!.say(put(11n));
  expect(watches.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  watches[1]!.say(put(4n, 11n));
  expect(old.revisions()).toEqual([2n, 3n, 4n, 11n]);
  expect(now.revisions()).toEqual([11n]);
});

test("each gets what it wants: filters, previous values and progress", () => {
  const { ranges, watches } = cluster();
  const all = watcher({ wantsPrevious: true, wantsProgress: true });
  const deletes = watcher({ noPut: true });
  for (const { receiver } of [all, deletes]) ranges.add(KEYS, receiver, undefined);
  watches[0]!.say(created(10n));
  watches[0]!.say(put(11n));
  watches[0]!.say({ header: { revision: 12n }, events: [{ type: EventType.DELETE, kv: { modRevision: 12n } }] });
  watches[0]!.say({ header: { revision: 20n } });
  expect(all.news.map(({ events }) => events.map(({ prevKv }) => prevKv?.modRevision))).toEqual([
    [],
    [1n],
    [undefined],
    [],
  ]);
  expect(deletes.news.map(({ created: isCreated, events }) => [isCreated, events.length])).toEqual([
    [true, 0],
    [false, 1],
  ]);
});

test("the watch of the cluster ends with the last watcher, and not before", () => {
  const { ranges, watches } = cluster();
  const [one, two] = [watcher(), watcher()];
  for (const { receiver } of [one, two]) ranges.add(KEYS, receiver, undefined);
  watches[0]!.say(created(10n));
  ranges.remove(one.receiver);
  expect(watches[0]!.isOpen).toBe(true);
  ranges.remove(two.receiver);
  ranges.remove(two.receiver);
  expect(watches[0]!.isOpen).toBe(false);
  expect(ranges.coalescedWatchers).toBe(0);
});

test("what the cluster cancels is told to all and is gone: the next watcher begins anew", () => {
  const { ranges, watches } = cluster();
  const [one, two] = [watcher({ startRevision: 3n }), watcher({ startRevision: 3n })];
  for (const { receiver } of [one, two]) ranges.add(KEYS, receiver, undefined);
  watches[0]!.say(created(10n));
  watches[0]!.say({ header: { revision: 10n }, canceled: true, compactRevision: 5n });
  for (const { news } of [one, two]) expect(news.at(-1)).toMatchObject({ canceled: true, compactRevision: 5n });
  ranges.remove(one.receiver);
  ranges.add(KEYS, watcher({ startRevision: 20n }).receiver, undefined);
  expect(watches.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

test("a watch of the future is not joined by who begins before it, whatever revision its progress says", () => {
  const { ranges, watches } = cluster();
  const [future, present] = [watcher({ startRevision: 7n }), watcher({ startRevision: 6n })];
  ranges.add(KEYS, future.receiver, undefined);
  watches[0]!.say(created(5n));
  watches[0]!.say({ header: { revision: 5n } });
  ranges.add(KEYS, present.receiver, undefined);
  expect(watches).toHaveLength(2);
  watches[1]!.say(created(5n));
  watches[1]!.say(put(6n));
  expect([future.revisions(), present.revisions()]).toEqual([[], [6n]]);
});

test("other keys are another watch, even where key and end are the same bytes one after the other", () => {
  const { ranges, watches } = cluster();
  ranges.add({ key: bytes("a"), rangeEnd: bytes("bc") }, watcher().receiver, undefined);
  ranges.add({ key: bytes("ab"), rangeEnd: bytes("c") }, watcher().receiver, "token");
  expect(watches.map(({ token }) => token)).toEqual([undefined, "token"]);
});

test("whoever comes and goes, and however watches keep pace and break: each gets every event from its beginning, once", () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant("join" as const), back: fc.nat(4), isNow: fc.boolean() }),
    fc.record({ kind: fc.constant("leave" as const), which: fc.nat(5) }),
    fc.record({ kind: fc.constant("write" as const) }),
    fc.record({ kind: fc.constant("break" as const), which: fc.nat(5) }),
    fc.record({ kind: fc.constant("run" as const), which: fc.nat(5), steps: fc.integer({ min: 1, max: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let revision = 5n;
      const positions = new Map<FakeWatch, bigint>();
      const { ranges, watches } = cluster();
      const present: { watcher: Watcher; wants: bigint | undefined }[] = [];
      const advance = (watch: FakeWatch, steps: number): void => {
        for (let step = 0; step < steps && watch.isOpen; step++) {
          const at = positions.get(watch);
          if (at === undefined) {
            const start = watch.sink.nextRevision;
            positions.set(watch, start === 0n ? revision + 1n : start);
            watch.say(created(revision));
          } else if (at <= revision) {
            positions.set(watch, at + 1n);
            watch.say({ ...put(at), header: { revision } });
          } else watch.say({ header: { revision } });
        }
      };
      for (const one of actions) {
        if (one.kind === "write") revision++;
        else if (one.kind === "join") {
          const wants = one.isNow ? undefined : revision + 2n - BigInt(one.back);
          const joined = watcher({ startRevision: wants ?? 0n });
          present.push({ watcher: joined, wants });
          ranges.add(KEYS, joined.receiver, undefined);
        } else if (one.kind === "leave") {
          for (const { watcher: left } of present.splice(one.which, 1)) ranges.remove(left.receiver);
        } else if (one.kind === "break") {
          // A watch that has begun goes on where it says.
          const broken = watches.filter(({ isOpen }) => isOpen)[one.which];
          if (broken && positions.has(broken)) positions.set(broken, broken.sink.nextRevision);
        } else for (const watch of watches.filter(({ isOpen }) => isOpen).slice(one.which)) advance(watch, one.steps);
      }
      for (let round = 0; round < 100; round++) for (const watch of watches) advance(watch, 1);
      for (const { watcher: stayed, wants } of present) {
        const from = wants ?? stayed.news.find(({ created: isCreated }) => isCreated)!.header!.revision + 1n;
        const expected: bigint[] = [];
        for (let at = from; at <= revision; at++) expected.push(at);
        expect(stayed.revisions()).toEqual(expected);
        expect(stayed.news.filter(({ created: isCreated }) => isCreated)).toHaveLength(1);
      }
      const open = watches.filter(({ isOpen }) => isOpen).length;
      expect(ranges.coalescedWatchers).toBe(present.length - open);
    }),
    { numRuns: 300 },
  );
});
