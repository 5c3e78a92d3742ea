import { describe, expect, test } from "vitest";
import { must } from "../../../server/base/assert.ts";
import { bucketKey, META } from "../../../server/backend/buckets.ts";
import { seededRandom } from "../../../server/base/prng.ts";
import { dataFolder } from "../../../server/node/data-folder.ts";
import { recover, type Recovered, type RecoverOptions } from "../../../server/node/recover.ts";
import type { Logger } from "../../../server/ports/logger.ts";
import type { PeerCalls } from "../../../server/ports/network.ts";
import { walExists } from "../../../server/wal/wal.ts";
import { MACHINE_OPTIONS } from "../../support/test-machine.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { processDisk } from "../../simulation/cluster/process-disk.ts";
import { SimulatedProcess } from "../../simulation/cluster/simulated-process.ts";
import { SimulatedStores } from "../../simulation/cluster/simulated-stores.ts";
import { VirtualTime } from "../../simulation/cluster/virtual-time.ts";

const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const unreachable = (): Promise<never> => Promise.reject(new Error("nobody is there"));
const calls: PeerCalls = {
  version: unreachable,
  members: unreachable,
  downgradeEnabled: unreachable,
  renewLease: unreachable,
  leaseTimeToLive: unreachable,
  promote: unreachable,
  hashKv: unreachable,
};
const self = { name: "m0", peerUrls: ["http://m0:2380"] };
const founds: Birth = { clusterState: "new", cluster: { selfName: "m0", token: "t", members: [self] }, calls };

/** A learner that a running cluster has: its log begins empty. */
const joins: Birth = {
  clusterState: "existing",
  cluster: {
    selfName: "m0",
    token: "t",
    members: [self, { name: "m1", peerUrls: ["http://m1:2380"] }],
    joinsAs: { selfId: 5n, clusterId: 9n },
  },
  calls: {
    ...calls,
    version: async () => ({ etcdserver: "3.6.16", etcdcluster: "3.6.0", storage: "3.6.0" }),
    members: async () => ({
      clusterId: 9n,
      members: [
        { ...self, id: 5n, clientUrls: [], isLearner: true },
        { id: 6n, name: "m1", peerUrls: ["http://m1:2380"], clientUrls: [], isLearner: false },
      ],
    }),
  },
};

type Birth = Pick<RecoverOptions, "cluster" | "clusterState" | "calls">;

/** A member's machine on which processes come and go. */
class TestHost {
  readonly #random = seededRandom(1);
  readonly #stores = new SimulatedStores();
  readonly #birth: Birth;
  #disk = new SimulatedDisk();
  calls = 0;

  constructor(birth: Birth) {
    this.#birth = birth;
  }

  hasLog(): Promise<boolean> {
    return walExists(this.#disk, dataFolder("/data", undefined).wal);
  }

  cutPower(): void {
    this.#disk = this.#disk.cutPower(this.#random);
    this.#stores.cutPower(this.#random);
  }

  /** Undefined if the process died at this call to the disk or the store. */
  async recover(dieAt = Infinity): Promise<Recovered | undefined> {
    this.calls = 0;
    const time = new VirtualTime();
    const process = new SimulatedProcess({
      time,
      random: { below: () => 1 },
      skew: { rate: 1, unixOffsetMs: 0 },
      diesAt: () => ++this.calls >= dieAt,
    });
    const disk = processDisk(this.#disk, process, { doesSyncLie: false });
    const { memberId: _, ...machine } = MACHINE_OPTIONS;
    const recovering = recover({
      disk,
      machine,
      logger,
      ...this.#birth,
      folder: dataFolder("/data", undefined),
      walSegmentBytes: 4096,
      lock: (path) => disk.lock(path),
      openStore: (path) => this.#stores.open(disk, process, path, { doesSyncLie: false }),
    });
    return Promise.race([recovering, process.death.catch(() => undefined)]);
  }
}

describe("recovering", () => {
  test("a member that ended at any call of its first start gives the member that it was to be", async () => {
    const host = new TestHost(founds);
    await host.recover();
    const { calls: all } = host;
    expect(all).toBeGreaterThan(30);
    for (let dieAt = 1; dieAt <= all; dieAt++) {
      for (const isPowerCut of [false, true]) {
        const crashed = new TestHost(founds);
        await crashed.recover(dieAt);
        if (isPowerCut) crashed.cutPower();
        const again = must(await crashed.recover(), "nothing stops the second start");
        expect([dieAt, again.log.entries.length, again.log.hardState.commit]).toEqual([dieAt, 1, 1]);
      }
    }
  });

  test("makes durable what the last process renamed and did not come to sync", async () => {
    const host = new TestHost(founds);
    await host.recover();
    const { calls: all } = host;
    for (let dieAt = 1; dieAt <= all; dieAt++) {
      const crashed = new TestHost(founds);
      await crashed.recover(dieAt);
      await crashed.recover();
      crashed.cutPower();
      const again = must(await crashed.recover(), "nothing stops the third start");
      expect([dieAt, again.isFresh, again.log.entries.length]).toEqual([dieAt, false, 1]);
    }
  });

  test("a store of a later release is refused, and stays as it is", async () => {
    const host = new TestHost(founds);
    const row = { key: bucketKey("meta", META.storageVersion), value: Buffer.from("3.7.0") };
    const { store } = must(await host.recover(), "nothing stops the first start").replica;
    await store.write([row], { sync: true });
    for (const _ of ["once", "again"]) {
      await expect(host.recover()).rejects.toThrow(
        'data dir /data: its store cannot be used: version "3.7.0" is not supported; start the release that wrote it',
      );
    }
    await store.write([{ ...row, value: Buffer.from("3.6.0") }], { sync: true });
    expect((await host.recover())?.isFresh).toBe(false);
  });

  test("a learner that ended before its log held anything goes on in it, and is never without it again", async () => {
    const begun = new TestHost(joins);
    await begun.recover();
    await begun.recover();
    const { calls: all } = begun;
    for (let dieAt = 1; dieAt <= all; dieAt++) {
      for (const isPowerCut of [false, true]) {
        const host = new TestHost(joins);
        await host.recover();
        await host.recover(dieAt);
        if (isPowerCut) host.cutPower();
        expect([dieAt, isPowerCut, await host.hasLog()]).toEqual([dieAt, isPowerCut, true]);
        const again = must(await host.recover(), "nothing stops the third start");
        expect([again.selfId, again.clusterId, again.isFresh, again.log.entries.length]).toEqual([5n, 9n, true, 0]);
      }
    }
  });
});
