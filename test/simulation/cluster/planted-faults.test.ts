import { describe, expect, test } from "vitest";
import type { Node } from "../../../server/node/node.ts";
import { ClusterSimulation } from "./cluster-simulation.ts";
import { Violation } from "./history.ts";
import type { PlantedFaults } from "./simulated-member.ts";

const SEEDS = 25;

/** What the checkers say to the first seeds with a fault; undefined if none of them notices. */
async function verdict(planted: PlantedFaults): Promise<string | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await new ClusterSimulation({ seed, planted, lengthMs: 20_000 }).run();
    } catch (error) {
      if (error instanceof Violation) return error.message;
      throw error;
    }
  }
  return undefined;
}

/** The same node with one method changed. */
function spoiled(node: Node, changes: Partial<Node>): Node {
  return new Proxy(node, {
    get(target, name) {
      if (name in changes) return Reflect.get(changes, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

const readsAnything = (node: Node): Node => spoiled(node, { linearizable: () => Promise.resolve() });

const leavesOutPuts = (node: Node): Node => {
  const { machine } = node;
  const apply = machine.apply.bind(machine);
  machine.apply = (entry, request, options) =>
    apply(entry, entry.index % 97 === 0 && !options.isWaiting ? undefined : request, options);
  return node;
};

const swallowsEvents = (node: Node): Node =>
  spoiled(node, {
    watch: (target, from, sink) =>
      node.watch(target, from, {
        get isReady() {
          return sink.isReady;
        },
        deliver: (events, revision, header) => (revision % 50 === 0 ? true : sink.deliver(events, revision, header)),
        onCompacted: (revision) => {
          sink.onCompacted(revision);
        },
      }),
  });

describe("the checkers find", () => {
  test("a disk whose syncs do nothing", async () => {
    expect(await verdict({ doesDiskSyncLie: true })).toBeDefined();
  });

  test("a store whose synced batches are lost in a power cut, with the log below them released", async () => {
    expect(await verdict({ doesStoreSyncLie: true })).toBeDefined();
  });

  test("a read that does not ask whether this member is up to date", async () => {
    expect(await verdict({ spoil: readsAnything })).toContain("not linearizable");
  });

  test("an apply that leaves out a put now and then", async () => {
    expect(await verdict({ spoil: leavesOutPuts })).toBeDefined();
  });

  test("a watcher that swallows an event", async () => {
    expect(await verdict({ spoil: swallowsEvents })).toContain("was given");
  });
});
