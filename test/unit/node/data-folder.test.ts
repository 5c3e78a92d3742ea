import { describe, expect, test } from "vitest";
import { dataFolder, prepareDataFolder } from "../../../server/node/data-folder.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";

describe("the data folder", () => {
  test("is still there after a power cut, with every folder above it", async () => {
    const disk = new SimulatedDisk();
    await prepareDataFolder(disk, dataFolder("/var/lib/kvorum/data", "/fast/logs/wal"));
    const after = disk.cutPower();
    expect(await after.exists("/var/lib/kvorum/data/member/format")).toBe(true);
    expect(await after.exists("/fast/logs")).toBe(true);
  });

  test("is made durable by a second start if the first one ended before that", async () => {
    const disk = new SimulatedDisk();
    await disk.makeFolder("/data/member");
    await prepareDataFolder(disk, dataFolder("/data", undefined));
    expect(await disk.cutPower().exists("/data/member/format")).toBe(true);
  });

  test("of a newer release is refused", async () => {
    const disk = new SimulatedDisk();
    const folder = dataFolder("/data", undefined);
    await prepareDataFolder(disk, folder);
    const file = await disk.open("/data/member/format", "write");
    await file.write([Buffer.from("2\n")], 0);
    await expect(prepareDataFolder(disk, folder)).rejects.toThrow("written by a newer release");
  });

  test("of etcd is refused", async () => {
    const disk = new SimulatedDisk();
    await disk.makeFolder("/data/member/snap");
    await disk.open("/data/member/snap/db", "create");
    await expect(prepareDataFolder(disk, dataFolder("/data", undefined))).rejects.toThrow("written by etcd");
  });
});
