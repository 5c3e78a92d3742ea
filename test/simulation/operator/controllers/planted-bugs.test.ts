import { expect, test, vi } from "vitest";
import type { latch as latchForReal } from "../../../../operator/controllers/latch.ts";
import type { scheduledBackup as scheduledForReal } from "../../../../operator/resources/requested-backup.ts";
import { course, killedAtEach } from "./course.ts";
import { SITUATIONS } from "./situations.ts";

// Nobody would notice either of these, if no operator ever died.
vi.mock("../../../../operator/controllers/latch.ts", async (original) => {
  const { latch } = await original<{ latch: typeof latchForReal }>();
  return {
    /** Says of the seed that it has started as soon as it is chosen. */
    latch: (...[world, cluster, part]: Parameters<typeof latchForReal>) =>
      latch(world, cluster, part.seed ? { ...part, seed: { ...part.seed, started: true } } : part),
  };
});
vi.mock("../../../../operator/resources/requested-backup.ts", async (original) => {
  const { finalBackup, scheduledBackup } = await original<{
    finalBackup: unknown;
    scheduledBackup: typeof scheduledForReal;
  }>();
  let made = 0;
  return {
    finalBackup,
    /** Makes another one each time, and does not write on it what it is for. */
    scheduledBackup: (...given: Parameters<typeof scheduledForReal>) => {
      const { metadata, ...rest } = scheduledBackup(...given);
      const { annotations: _forgotten, ...kept } = metadata;
      return { ...rest, metadata: { ...kept, name: `${metadata.name}-${String(++made)}` } };
    },
  };
});

test.each([
  ["a cluster of three is founded", "after-latch-seed"],
  ["a schedule takes backups, and deletes old ones", "after-create-backup"],
])("%s: a planted bug that shows only after a kill is found at %s", async (name, failpoint) => {
  const situation = SITUATIONS.find((each) => each.name === name);
  if (!situation) throw new Error(`there is no situation "${name}"`);
  const others = await killedAtEach(situation, await course(situation));
  expect(others.map(({ moment }) => moment.split(" ")[0])).toContain(failpoint);
});
