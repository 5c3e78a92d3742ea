import { expect, test } from "vitest";
import { seededRandom } from "../../../server/base/prng.ts";
import { RemotePicker, type Remote } from "../../../server/proxy/remote-picker.ts";

const remote = (port: number, priority = 0, weight = 0): Remote => ({ host: "h", port, priority, weight });

function picks(picker: RemotePicker<Remote>, count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => picker.pick()?.port);
}

test("without weights each has its turn, and who is away is passed over until it is back", () => {
  const remotes = [remote(1), remote(2), remote(3)];
  const picker = new RemotePicker(remotes, seededRandom(1));
  expect(picks(picker, 4)).toEqual([1, 2, 3, 1]);
  picker.deactivate(remotes[1]!);
  expect(new Set(picks(picker, 4))).toEqual(new Set([1, 3]));
  picker.activate(remotes[1]!);
  expect(new Set(picks(picker, 3))).toEqual(new Set([1, 2, 3]));
});

test("a lower priority is used before a higher one, which is used when nobody else is left", () => {
  const remotes = [remote(1, 20), remote(2, 10), remote(3, 10)];
  const picker = new RemotePicker(remotes, seededRandom(1));
  expect(new Set(picks(picker, 6))).toEqual(new Set([2, 3]));
  picker.deactivate(remotes[1]!);
  picker.deactivate(remotes[2]!);
  expect(picks(picker, 2)).toEqual([1, 1]);
  expect(picker.inactive).toEqual([remotes[1], remotes[2]]);
  picker.deactivate(remotes[0]!);
  expect(picker.pick()).toBeUndefined();
});

test("weights are shares, and who has none is picked once in a hundred times", () => {
  const picker = new RemotePicker([remote(1, 0, 30), remote(2, 0, 10), remote(3, 0, 0)], seededRandom(7));
  const all = picks(picker, 20_000);
  const share = (port: number): number => all.filter((one) => one === port).length / all.length;
  expect(share(1)).toBeCloseTo(0.99 * 0.75, 1);
  expect(share(2)).toBeCloseTo(0.99 * 0.25, 1);
  expect(share(3)).toBeGreaterThan(0.005);
  expect(share(3)).toBeLessThan(0.02);
});
