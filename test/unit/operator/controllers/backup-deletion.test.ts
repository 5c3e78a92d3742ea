import { describe, expect, test } from "vitest";
import { deletionStep, type DeletionObservation } from "../../../../operator/controllers/backup-deletion.ts";
import { FINALIZERS } from "../../../../operator/types/names.ts";
import { etcdBackup } from "../../../support/operator-objects.ts";

const DELETED_MS = Date.parse("2026-01-02T03:04:05Z");

function deleted(isStored: boolean, afterMs: number, more: Partial<DeletionObservation> = {}): DeletionObservation {
  const { metadata, ...backup } = etcdBackup({ deletionPolicy: "Delete" });
  return {
    nowMs: DELETED_MS + afterMs,
    backup: {
      ...backup,
      metadata: { ...metadata, finalizers: [FINALIZERS.backup], deletionTimestamp: "2026-01-02T03:04:05Z" },
      status: { key: "ns/x/uid/b/snapshot.db", ...(isStored && { sha256: "00" }) },
    },
    hasStore: true,
    upload: { kind: "Missing" },
    uploads: false,
    deletion: { kind: "Missing" },
    ...more,
  };
}

describe("a backup that is being deleted", () => {
  const running = { deletion: { kind: "Running" } } as const;
  const storeGone = { hasStore: false } as const;

  test.each<[string, boolean, Partial<DeletionObservation>, number]>([
    ["an hour for a Job to delete what is stored", true, running, 3_600_000],
    ["ten minutes for one that may have nothing to delete", false, running, 600_000],
    ["a minute for a store that is gone", true, storeGone, 60_000],
    ["a minute for a store that is gone, if nothing is known to be stored", false, storeGone, 60_000],
    ["an hour for a Job that was begun before its store went", true, { ...running, ...storeGone }, 3_600_000],
  ])("waits %s, and is let go then", (_, isStored, more, limitMs) => {
    expect(deletionStep(deleted(isStored, limitMs - 1, more)).kind).toBe("Wait");
    const step = deletionStep(deleted(isStored, limitMs, more));
    expect(step).toEqual({ kind: "Release", leftBehind: expect.any(String) as string });
  });
});
