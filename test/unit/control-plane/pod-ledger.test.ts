import { expect, test } from "vitest";
import { PodLedger } from "../../integration/control-plane/pod-ledger.ts";

function ledger(): PodLedger {
  const pods = new PodLedger();
  for (const name of ["kept", "going", "gone"]) pods.running(`uid-${name}`, name);
  pods.deleting("uid-going", "going");
  pods.deleting("uid-gone", "gone");
  pods.gone("uid-gone", "gone");
  return pods;
}

test("a pod whose deletion was not acknowledged may be there or not", () => {
  expect(ledger().judge(new Set(["uid-kept", "uid-going"]))).toEqual([]);
  expect(ledger().judge(new Set(["uid-kept"]))).toEqual([]);
});

test("a pod that nobody deleted and that is not there is reported", () => {
  expect(ledger().judge(new Set(["uid-going"]))).toEqual(["pod kept was lost"]);
});

test("a pod that was deleted and is there is reported", () => {
  expect(ledger().judge(new Set(["uid-kept", "uid-gone"]))).toEqual(["pod gone came back"]);
});

test("a late word that it runs does not undo its deletion", () => {
  const pods = ledger();
  pods.running("uid-gone", "gone");
  expect(pods.judge(new Set(["uid-kept"]))).toEqual([]);
  expect([pods.started, pods.deletedForGood]).toEqual([3, 1]);
});
