import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventRecorder, type EventNotice } from "../../../../operator/kube/event-recorder.ts";
import { KubeHarness } from "../../../support/fake-kube/kube-harness.ts";

let harness: KubeHarness;
let dropped: string[];
let recorder: EventRecorder;

beforeEach(async () => {
  harness = await KubeHarness.start();
  const told: string[] = [];
  dropped = told;
  recorder = new EventRecorder({
    client: harness.client(),
    clock: harness.clock,
    instance: "kvorum-operator-0",
    onDropped: ({ note }, reason) => told.push(`${note}: ${reason}`),
  });
});
afterEach(() => harness.stop());

const regarding = {
  apiVersion: "kvorum.io/v1alpha1",
  kind: "EtcdCluster",
  metadata: { name: "db", namespace: "a", uid: "u-1", resourceVersion: "7" },
};
const notice = (note: string, more: Partial<EventNotice> = {}): EventNotice => ({
  regarding,
  type: "Normal",
  reason: "LearnerAdded",
  action: "AddLearner",
  note,
  ...more,
});
const events = () =>
  harness.kube.store.list({ resource: "events.k8s.io/v1/events", namespace: "a" }) as unknown as readonly {
    note: string;
    series?: { count: number };
  }[];
const countsOf = () => events().map(({ note, series }) => `${note} ${series?.count ?? 1}`);
const flush = () => harness.pass(recorder.flush());

describe("an event", () => {
  test("has all that the API server asks for", async () => {
    recorder.emit(notice("db-1 is a learner"));
    await flush();
    const [event] = events();
    expect(event).toMatchObject({
      metadata: { namespace: "a", name: expect.stringMatching(/^db\.[0-9a-f]+-0$/) as unknown },
      eventTime: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/) as unknown,
      reportingController: "kvorum.io/operator",
      reportingInstance: "kvorum-operator-0",
      regarding: { kind: "EtcdCluster", name: "db", namespace: "a", uid: "u-1", apiVersion: "kvorum.io/v1alpha1" },
      type: "Normal",
      reason: "LearnerAdded",
      action: "AddLearner",
      note: "db-1 is a learner",
    });
    expect(event?.series).toBeUndefined();
  });

  test("whose note is longer than allowed is cut, and a cluster without a namespace is none", async () => {
    recorder.emit(notice("x".repeat(5000)));
    const { namespace: _namespace, ...metadata } = regarding.metadata;
    recorder.emit(notice("clusterwide", { regarding: { ...regarding, metadata } }));
    await flush();
    expect(events()[0]?.note.length).toBe(1024);
    expect(harness.kube.writes.map(({ namespace }) => namespace)).toEqual(["a", "default"]);
  });
});

const eventName = () => (events()[0] as unknown as { metadata: { name: string } }).metadata.name;

describe("events that repeat", () => {
  test("are one series: written at the second time, then once a minute", async () => {
    for (let at = 0; at < 10; at++) recorder.emit(notice("again"));
    await harness.answered();
    expect(countsOf()).toEqual(["again 2"]);
    harness.clock.advance(60_000);
    await harness.answered();
    expect(countsOf()).toEqual(["again 10"]);
    harness.clock.advance(300_000);
    await harness.answered();
    expect(harness.kube.writes.length).toBe(3);
  });

  test("are written to the end when the operator stops", async () => {
    for (let at = 0; at < 5; at++) recorder.emit(notice("again"));
    await flush();
    expect(countsOf()).toEqual(["again 5"]);
  });

  test("after six minutes of silence begin anew", async () => {
    recorder.emit(notice("again"));
    await harness.answered();
    harness.clock.advance(6 * 60_000);
    recorder.emit(notice("again"));
    await flush();
    expect(countsOf()).toEqual(["again 1", "again 1"]);
  });

  test("begin anew when the server has forgotten the series", async () => {
    recorder.emit(notice("again"));
    await flush();
    harness.kube.store.delete({ ...harness.kube.writes[0]!, apiVersion: "", name: eventName() }, {});
    recorder.emit(notice("again"));
    await harness.answered();
    recorder.emit(notice("again"));
    await flush();
    expect(countsOf()).toEqual(["again 1"]);
  });

  test("are told apart by what they say, and of what", async () => {
    recorder.emit(notice("one"));
    recorder.emit(notice("two"));
    recorder.emit(notice("one", { type: "Warning" }));
    recorder.emit(notice("one", { regarding: { ...regarding, metadata: { ...regarding.metadata, uid: "u-2" } } }));
    await flush();
    expect(events().length).toBe(4);
  });
});

describe("too many events", () => {
  test("of one object: those above 60 and one in ten seconds are dropped", async () => {
    for (let at = 0; at < 100; at++) {
      recorder.emit(notice(`n${at}`));
      await harness.answered();
    }
    expect(dropped.length).toBe(40);
    expect(dropped[0]).toBe("n60: too many events of one object");
    harness.clock.advance(10_000);
    recorder.emit(notice("later"));
    await flush();
    expect(events().length).toBe(61);
  });

  test("that wait for a slow server are dropped above 200", async () => {
    harness.kube.fail(() => ({ kind: "hang" }));
    for (let at = 0; at < 300; at++) {
      recorder.emit(
        notice(`n${at}`, { regarding: { ...regarding, metadata: { ...regarding.metadata, uid: String(at) } } }),
      );
    }
    expect(dropped.length).toBe(100);
    expect(dropped[0]).toBe("n200: too many events wait to be written");
  });
});

test.each([403, 404, 422])(
  "an event that the server refuses with %i is dropped, and the next one is written",
  async (code) => {
    harness.kube.fail(() => ({ kind: "status", code }), 1);
    recorder.emit(notice("refused"));
    recorder.emit(notice("fine"));
    await flush();
    expect(dropped).toEqual(["refused: create events a: as the test wants it"]);
    expect(countsOf()).toEqual(["fine 1"]);
  },
);
