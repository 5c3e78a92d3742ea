import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import { explain } from "../../../server/cli/command-error.ts";
import { readStatus } from "../../../server/cli/etcdutl.ts";
import { openLeveldownStore } from "../../../server/host/leveldown-store.ts";
import { nodeDisk } from "../../../server/host/node-disk.ts";
import { dataFolder } from "../../../server/node/data-folder.ts";
import { restoreSnapshot } from "../../../server/node/restore-snapshot.ts";
import { goldenFile } from "../../support/golden.ts";
import { kvorumTool } from "../../support/kvorum-tool.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const GOLDENS = ["empty", "keys100", "compacted", "auth", "tree3"];
const DAMAGES = 120;
const CLUSTER = { selfName: "a", token: "t", members: [{ name: "a", peerUrls: ["http://127.0.0.1:1"] }] };

/** A golden cut short, with a bit turned over, or with a piece of it overwritten. */
function* damaged(name: string): Generator<{ readonly what: string; readonly bytes: Uint8Array }> {
  const whole = goldenFile(`snapshots/${name}.db`);
  const random = seededRandom(whole.length);
  for (let i = 0; i < DAMAGES; i++) {
    const bytes = whole.slice();
    const at = random.below(i % 2 === 0 ? whole.length : Math.min(whole.length, 16_384));
    if (i % 3 === 0) {
      yield { what: `cut to ${at}`, bytes: bytes.subarray(0, at) };
    } else if (i % 3 === 1) {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      yield { what: `bit in ${at}`, bytes };
    } else {
      for (let b = at; b < Math.min(at + 300, whole.length); b++) bytes[b] = random.below(256);
      yield { what: `overwritten from ${at}`, bytes };
    }
  }
}

async function outcome(run: () => Promise<unknown>): Promise<"done" | "refused"> {
  try {
    await run();
    return "done";
  } catch (error) {
    const explained = explain(error);
    if (explained === undefined) throw error;
    expect(explained.line).not.toContain("\n");
    expect(explained.exitCode).not.toBe(0);
    return "refused";
  }
}

test.each(GOLDENS)(
  "status and restore of damaged forms of %s end with one line and leave nothing behind",
  async (name) => {
    const folder = tempFolder();
    const file = join(folder, "damaged.db");
    const root = join(folder, "made/data");
    const counts = { done: 0, refused: 0 };
    for (const { what, bytes } of damaged(name)) {
      writeFileSync(file, bytes);
      counts[await outcome(() => readStatus(file))]++;
      const target = { folder: dataFolder(root, undefined), hasOwnWalFolder: false, disk: nodeDisk };
      const options = { ...target, openStore: openLeveldownStore, file, cluster: CLUSTER, bumpRevision: 0 };
      // Every damage shows in the hash.
      expect(await outcome(() => restoreSnapshot({ ...options, skipHashCheck: false })), what).toBe("refused");
      expect(readdirSync(folder), what).toEqual(["damaged.db"]);
      const unchecked = await outcome(() => restoreSnapshot({ ...options, skipHashCheck: true }));
      counts[unchecked]++;
      if (unchecked === "refused") expect(readdirSync(folder), what).toEqual(["damaged.db"]);
      else await nodeDisk.remove(join(folder, "made"));
    }
    expect(counts.refused).toBeGreaterThan(DAMAGES / 3);
  },
);

test("the commands say it in one line, with exit code 1", () => {
  const folder = tempFolder();
  const file = join(folder, "damaged.db");
  writeFileSync(file, readFileSync(join(import.meta.dirname, "../golden/snapshots/auth.db")).subarray(0, 9000));
  for (const args of [
    ["status", file],
    ["restore", file, "--skip-hash-check", "--data-dir", join(folder, "data")],
  ]) {
    const { status, stdout, stderr } = kvorumTool("etcdutl", "snapshot", ...args);
    const errors = stderr.split("\n").filter((line) => line !== "" && !line.includes("\tinfo\t"));
    expect({ status, stdout, errors }).toEqual({
      status: 1,
      stdout: "",
      errors: [expect.stringMatching(/^Error: .*cut short/)],
    });
  }
  expect(readdirSync(folder)).toEqual(["damaged.db"]);
});
