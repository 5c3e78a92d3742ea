import type { DiskFile } from "../../server/ports/disk.ts";
import { BboltReader } from "../../server/snapshot/bbolt-reader.ts";
import { hasTrailer, verifyTrailer } from "../../server/snapshot/snapshot-file.ts";
import { SnapshotError } from "../../server/snapshot/snapshot-error.ts";
import { fileDigest } from "./file-digest.ts";
import { JobError } from "./job-error.ts";
import { snapshotFacts, type SnapshotFacts } from "./snapshot-facts.ts";

/** What is known of a snapshot before it is looked at. */
export interface ExpectedSnapshot {
  /** For sentences: where it came from. */
  readonly name: string;
  readonly sha256?: string | undefined;
  /** Those that are given must be found. */
  readonly facts?: Partial<SnapshotFacts> | undefined;
}

/** What was found. */
export interface CheckedSnapshot {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly facts: SnapshotFacts;
}

/**
 * Reads a whole file and makes sure that it is a snapshot that a member can start from, and the one that was expected:
 * its checksum, the hash at its end, every page and row. Throws a JobError that says what is wrong and what to do.
 */
export async function checkSnapshot(file: DiskFile, expected: ExpectedSnapshot): Promise<CheckedSnapshot> {
  const { name } = expected;
  const sizeBytes = await file.size();
  const sha256 = await fileDigest(file);
  if (expected.sha256 !== undefined && sha256 !== expected.sha256) {
    throw damaged(name, `its SHA-256 is ${sha256}, and should be ${expected.sha256}`);
  }
  if (!(await BboltReader.isDatabase(file))) {
    throw new JobError("Foreign", `${name} is no snapshot of etcd or Kvorum; correct the key`);
  }
  if (!hasTrailer(sizeBytes)) {
    const advice =
      'if it is whole, it was not made by "etcdctl snapshot save", which alone can be told from a damaged one';
    throw damaged(name, `it has ${String(sizeBytes)} bytes and no hash at its end; ${advice}`);
  }
  try {
    await verifyTrailer(file);
    const facts = await snapshotFacts(file);
    for (const [fact, value] of Object.entries(expected.facts ?? {})) {
      const found = facts[fact as keyof SnapshotFacts];
      if (found !== value) throw damaged(name, `its ${fact} is ${String(found)}, and should be ${String(value)}`);
    }
    return { sha256, sizeBytes, facts };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw damaged(name, error.message.replace(`snapshot ${error.file}: `, ""), error);
  }
}

function damaged(name: string, reason: string, cause?: Error): JobError {
  return new JobError("Damaged", `${name} is damaged: ${reason}; take another backup`, { cause });
}
