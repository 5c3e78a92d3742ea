import { expect, test } from "vitest";
import { upgradeTurn, type UpgradeCandidate } from "../../../../operator/plan/upgrade-turn.ts";

const candidate = (key: string, state: UpgradeCandidate["state"], isWell = true): UpgradeCandidate => ({
  key,
  state,
  isWell,
});

test.each<[name: string, candidates: readonly UpgradeCandidate[], turn: string | undefined]>([
  ["nobody waits", [candidate("a/x", "UpToDate")], undefined],
  ["the first by name begins", [candidate("b/x", "Waiting"), candidate("a/y", "Waiting")], "a/y"],
  ["the one that is rolled stays at it", [candidate("a/x", "Waiting"), candidate("b/x", "Rolling")], "b/x"],
  ["also when it is not well", [candidate("a/x", "Waiting"), candidate("b/x", "Rolling", false)], "b/x"],
  ["those that are well go first", [candidate("a/x", "Waiting", false), candidate("b/x", "Waiting")], "b/x"],
  ["then the others", [candidate("b/x", "Waiting", false), candidate("a/x", "Waiting", false)], "a/x"],
])("%s", (_name, candidates, turn) => {
  expect(upgradeTurn(candidates)).toBe(turn);
});
