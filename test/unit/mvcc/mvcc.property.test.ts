import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RangeRequest_SortOrder, RangeRequest_SortTarget } from "../../../server/proto/gen/rpc_pb.js";
import type { RangeResponse } from "../../../server/proto/gen/rpc_pb.js";
import { Event_EventType } from "../../../server/proto/gen/kv_pb.js";
import type { Event } from "../../../server/proto/gen/kv_pb.js";
import { bucketRange } from "../../../server/backend/buckets.ts";
import { eventsOfRows } from "../../../server/mvcc/watch-target.ts";
import { KeyValueModel } from "../../support/key-value-model.ts";
import type { ModelKey } from "../../support/key-value-model.ts";
import { bytes, TestMachine, text } from "../../support/test-machine.ts";

const key = fc.constantFrom("a", "b", "c", "ca", "d", "e/1", "e/2", "f");
const value = fc.string({ maxLength: 5 });
const range = fc.tuple(key, fc.oneof(fc.constant(""), fc.constant("\0"), key));

type Step =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "delete"; readonly range: [string, string] }
  | { readonly kind: "txn"; readonly puts: readonly [string, string][]; readonly deletes: readonly string[] }
  | { readonly kind: "compact"; readonly share: number }
  | { readonly kind: "flush" | "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("put" as const), key, value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), range }) },
  {
    weight: 2,
    arbitrary: fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 5 }).map((all) => ({
      kind: "txn" as const,
      puts: all.slice(0, 3),
      deletes: all.slice(3).map(([name]) => name),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("compact" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "flush" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

function inRange(name: string, [from, end]: readonly [string, string]): boolean {
  if (end === "") return name === from;
  return name >= from && (end === "\0" || name < end);
}

/** Does the step to machine and model; returns the machine to go on with. */
function take(machine: TestMachine, model: KeyValueModel, one: Step): TestMachine {
  switch (one.kind) {
    case "put":
      machine.put(one.key, one.value);
      model.write([{ key: one.key, value: one.value }]);
      return machine;
    case "delete": {
      machine.delete(...one.range);
      const doomed = model.at(model.revision).filter(({ key: name }) => inRange(name, one.range));
      model.write(doomed.map(({ key: name }) => ({ key: name, value: undefined })));
      return machine;
    }
    case "txn": {
      const puts = one.puts.map(([name, to]) => ({
        request: { case: "requestPut" as const, value: { key: bytes(name), value: bytes(to) } },
      }));
      const deletes = one.deletes.map((name) => ({
        request: { case: "requestDeleteRange" as const, value: { key: bytes(name) } },
      }));
      machine.apply({ txn: { success: [...puts, ...deletes] } });
      const alive = new Set(model.at(model.revision).map(({ key: name }) => name));
      model.write([
        ...one.puts.map(([name, to]) => ({ key: name, value: to })),
        ...one.deletes.filter((name) => alive.has(name)).map((name) => ({ key: name, value: undefined })),
      ]);
      return machine;
    }
    case "compact": {
      const revision = Math.max(1, Math.ceil(one.share * model.revision));
      const { fault } = machine.compact(revision);
      expect(fault).toBe(revision <= model.compactRevision ? "compacted" : undefined);
      model.compactRevision = Math.max(model.compactRevision, revision);
      return machine;
    }
    case "flush":
      machine.flush();
      return machine;
    case "restart":
    default:
      return machine.restarted();
  }
}

function shown({ kvs }: RangeResponse): ModelKey[] {
  return kvs.map((kv) => ({
    key: text(kv.key),
    value: text(kv.value),
    createRevision: Number(kv.createRevision),
    modRevision: Number(kv.modRevision),
    version: Number(kv.version),
  }));
}

function check(machine: TestMachine, model: KeyValueModel, asked: readonly [string, string], limit: number): void {
  expect(machine.machine.mvcc.currentRevision).toBe(model.revision);
  expect(machine.machine.mvcc.keyCount).toBe(model.at(model.revision).length);
  const request = { key: bytes(asked[0]), rangeEnd: bytes(asked[1]) };
  for (let revision = 1; revision <= model.revision; revision++) {
    const read = (extra: object): RangeResponse => machine.range({ ...request, revision: BigInt(revision), ...extra });
    if (revision < model.compactRevision) {
      expect(() => read({})).toThrow("compacted");
      continue;
    }
    const expected = model.at(revision).filter(({ key: name }) => inRange(name, asked));
    expect(shown(read({}))).toEqual(expected);
    const cut = read({ limit: BigInt(limit) });
    expect([shown(cut), cut.more, cut.count]).toEqual([
      expected.slice(0, limit),
      expected.length > limit,
      BigInt(expected.length),
    ]);
    const sorted = read({
      sortOrder: RangeRequest_SortOrder.DESCEND,
      sortTarget: RangeRequest_SortTarget.MOD,
      minModRevision: 3n,
    });
    const recent = expected.filter(({ modRevision }) => modRevision >= 3);
    expect(shown(sorted).map(({ modRevision }) => modRevision)).toEqual(
      recent.map(({ modRevision }) => modRevision).toSorted((a, b) => b - a),
    );
  }
  expect(() => machine.range({ ...request, revision: BigInt(model.revision + 1) })).toThrow("future-revision");
}

function describe(event: Event): string {
  return `${event.kv?.modRevision} ${event.type === Event_EventType.DELETE ? "DELETE" : "PUT"} ${text(event.kv?.key)}`;
}

test("the store reads at every revision as one that replays its whole history", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), range, fc.integer({ min: 1, max: 4 }), (steps, asked, limit) => {
      let machine = new TestMachine();
      const model = new KeyValueModel();
      for (const one of steps) machine = take(machine, model, one);
      check(machine, model, asked, limit);
    }),
    { numRuns: 300 },
  );
});

test("flushing and restarting at any point changes neither rows nor hashes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let disturbed = new TestMachine();
      const calm = new TestMachine();
      const [disturbedModel, calmModel] = [new KeyValueModel(), new KeyValueModel()];
      for (const one of steps) {
        disturbed = take(disturbed, disturbedModel, one);
        if (one.kind !== "flush" && one.kind !== "restart") take(calm, calmModel, one);
      }
      expect(disturbed.rows()).toEqual(calm.rows());
      expect(disturbed.hashAll("everything")).toBe(calm.hashAll("everything"));
      expect(disturbed.hashKv()).toEqual(calm.hashKv());
      expect(disturbed.machine.sizes.dbSizeInUse).toBe(calm.machine.sizes.dbSizeInUse);
    }),
    { numRuns: 200 },
  );
});

test("history read from rows and events as they happen tell the same story", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), (steps, from) => {
      let machine = new TestMachine();
      const model = new KeyValueModel();
      const live: string[] = [];
      const watcher = {
        key: bytes("\0"),
        rangeEnd: bytes("\0"),
        noPut: false,
        noDelete: false,
        minRevision: 0,
        deliver: (events: readonly Event[]) => {
          for (const event of events) live.push(describe(event));
        },
      };
      machine.machine.watchHub.add(watcher);
      for (const one of steps) {
        if (one.kind === "compact") continue;
        const next = take(machine, model, one);
        if (next !== machine) next.machine.watchHub.add(watcher);
        machine = next;
      }
      expect(live).toEqual(model.events(0));
      const target = { ...watcher, minRevision: from };
      const { from: first, to } = bucketRange("key");
      const keyRows = machine.rows().filter(([storeKey]) => storeKey[0] === first[0] && storeKey[0]! < to![0]!);
      expect(eventsOfRows(keyRows, target).map(describe)).toEqual(model.events(from));
    }),
    { numRuns: 100 },
  );
});
