import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dataFolder } from "../../../server/node/data-folder.ts";
import { formatOwnerFile, parseOwnerFile, type OwnerFile } from "../../../server/node/owner-file.ts";
import { discardData, readVolume, writeOwnerFile } from "../../../server/node/volume-files.ts";
import type { VolumeContents } from "../../../server/node/volume.ts";
import type { Disk } from "../../../server/ports/disk.ts";
import { SimulatedDisk } from "../../support/simulated-disk.ts";
import { JOIN, NEW, RAN_HERE } from "./permit-table.ts";

const folder = dataFolder("/data", undefined);
const GRANTED: OwnerFile = { state: "granted", permit: NEW };
const STARTED: OwnerFile = { state: "started", permit: NEW, member: RAN_HERE };

const text = fc.string({ minLength: 1 });
const id = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const common = fc.record({
  clusterUid: text,
  podName: text,
  podUid: text,
  token: text,
  initialCluster: fc.array(fc.record({ name: fc.string(), peerUrls: fc.array(text, { minLength: 1 }) }), {
    minLength: 1,
  }),
  issuedAt: fc.constantFrom("2026-01-01T00:00:00Z", "2026-11-21T14:38:00.123+01:00"),
});
const permit = fc.oneof(
  common.chain((fields) =>
    fc.constantFrom({ ...fields, mode: "New" as const }, { ...fields, mode: "Restore" as const }),
  ),
  fc.tuple(common, id, id).map(([fields, memberId, etcdClusterId]) => ({
    ...fields,
    mode: "Join" as const,
    memberId,
    etcdClusterId,
  })),
);
const member = fc.record({ selfId: id, clusterId: id });
const owner: fc.Arbitrary<OwnerFile> = fc.oneof(
  permit.map((taken) => ({ state: "granted" as const, permit: taken })),
  fc.tuple(permit, member).map(([taken, before]) => ({ state: "granted" as const, permit: taken, before })),
  fc.tuple(permit, member).map(([taken, who]) => ({ state: "started" as const, permit: taken, member: who })),
);

describe("an owner file", () => {
  test("is read as it was written", () => {
    fc.assert(
      fc.property(owner, (file) => {
        expect(parseOwnerFile(formatOwnerFile(file))).toEqual(file);
      }),
    );
  });

  test("is JSON for people, with ids in hex", () => {
    expect(JSON.parse(formatOwnerFile({ ...STARTED, permit: JOIN }))).toMatchObject({
      format: 1,
      state: "started",
      memberId: "a",
      etcdClusterId: "c",
      permit: { mode: "Join", memberId: "b", etcdClusterId: "c", podUid: "p1" },
    });
  });

  const { format: _, ...rest } = JSON.parse(formatOwnerFile(STARTED)) as Record<string, unknown>;
  test.each([
    ["that is empty", "", "JSON"],
    ["that is no object", "7", "no JSON object"],
    ["without a format", JSON.stringify(rest), "it names no format"],
    ["of a newer release", JSON.stringify({ ...rest, format: 2 }), "written by a newer release"],
    ["with another state", JSON.stringify({ ...rest, format: 1, state: "running" }), `its state is "running"`],
    ["without a permit", JSON.stringify({ ...rest, format: 1, permit: undefined }), "the permit is no JSON object"],
    ["that started nobody", JSON.stringify({ ...rest, format: 1, memberId: "0" }), "memberId"],
  ])("%s is refused", (_what, content, sentence) => {
    expect(() => parseOwnerFile(content)).toThrow(sentence);
  });
});

/** Runs until the disk's `dieAt`-th call, which fails, as do all after it. */
async function until(disk: SimulatedDisk, dieAt: number, run: (disk: Disk) => Promise<void>): Promise<number> {
  let calls = 0;
  disk.hook = () => {
    if (++calls >= dieAt) throw new Error("the process is dead");
  };
  await run(disk).catch(() => undefined);
  disk.hook = undefined;
  return calls;
}

async function freshDisk(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await disk.makeFolder("/data/member/wal");
  await disk.open("/data/member/wal/0000000000000000-0000000000000000.wal", "create");
  for (const path of ["/data/member/wal", "/data/member", "/data", "/"]) await disk.syncFolder(path);
  return disk;
}

function writeStarted(disk: Disk): Promise<void> {
  return writeOwnerFile(disk, folder, STARTED);
}

/** What is found where a restore has left this marker. */
async function marked(content: string): Promise<VolumeContents["restored"]> {
  const disk = await freshDisk();
  const file = await disk.open("/data/restored.json", "create");
  await file.write([Buffer.from(content)], 0);
  return (await readVolume(disk, folder)).restored;
}

describe("a volume's files", () => {
  test("after a crash or a power cut at any call the owner file is the old one or the new one, and whole", async () => {
    const all = await until(await freshDisk(), Infinity, writeStarted);
    for (let dieAt = 1; dieAt <= all + 1; dieAt++) {
      for (const isPowerCut of [false, true]) {
        const disk = await freshDisk();
        await writeOwnerFile(disk, folder, GRANTED);
        await until(disk, dieAt, writeStarted);
        const { owner: found } = await readVolume(isPowerCut ? disk.cutPower() : disk, folder);
        const state = found.kind === "present" ? found.content.state : found.kind;
        expect(dieAt > all ? ["started"] : ["granted", "started"]).toContain(state);
      }
    }
  });

  test("what a crash has left of an owner file does not get into the next one", async () => {
    const disk = await freshDisk();
    const file = await disk.open("/data/owner.json.new", "create");
    await file.write([new Uint8Array(100_000)], 0);
    await writeOwnerFile(disk, folder, GRANTED);
    expect((await readVolume(disk, folder)).owner).toEqual({ kind: "present", content: GRANTED });
  });

  test("a volume that ran and lost its log, its folder, or nothing is told apart", async () => {
    const disk = await freshDisk();
    expect((await readVolume(disk, folder)).data).toBe("whole");
    await disk.remove("/data/member/wal");
    expect((await readVolume(disk, folder)).data).toBe("none");
    await disk.open("/data/member/format", "create");
    expect((await readVolume(disk, folder)).data).toBe("partial");
    await disk.remove("/data/member");
    expect((await readVolume(disk, folder)).data).toBe("none");
  });

  test("the marker of a restore is read, and one that is none is damage", async () => {
    expect(await marked(`{"clusterUid":"u","backup":"nightly","revision":7}`)).toEqual({
      kind: "present",
      content: { clusterUid: "u", backup: "nightly" },
    });
    expect(await marked(`{"clusterUid":"u"}`)).toMatchObject({ content: { backup: "an unnamed backup" } });
    for (const damaged of ["", "null", "{}", `{"clusterUid":7}`]) {
      expect(await marked(damaged)).toMatchObject({ kind: "unreadable" });
    }
  });

  test("data that are discarded stay away after a power cut, and the owner file stays", async () => {
    const disk = await freshDisk();
    await writeOwnerFile(disk, folder, GRANTED);
    await disk.open("/data/restored.json", "create");
    await discardData(disk, folder);
    expect(await readVolume(disk.cutPower(), folder)).toEqual({
      owner: { kind: "present", content: GRANTED },
      restored: { kind: "absent" },
      data: "none",
    });
  });
});
