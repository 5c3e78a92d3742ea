import type { HexId } from "../types/hex-id.ts";

/** What we write; a higher number means that a newer release wrote it. */
export const MANIFEST_FORMAT = 1;

/**
 * What is known of a backup, as JSON beside its snapshot. It is written last, after the stored snapshot was read back and
 * found intact: a backup without a manifest does not exist. What it says of the data comes from the data.
 */
export interface Manifest {
  readonly formatVersion: typeof MANIFEST_FORMAT;
  readonly namespace: string;
  readonly clusterName: string;
  readonly clusterUID: string;
  readonly backupName: string;
  readonly clusterID: HexId;
  /** The member that the snapshot was taken from. */
  readonly memberID: HexId;
  readonly endpoint: string;
  readonly revision: number;
  /** -1 if the store was never compacted. */
  readonly compactRevision: number;
  /** At the revision, with that compaction: compare with `etcdctl endpoint hashkv`. */
  readonly hashKV: number;
  /** As `etcdutl snapshot status` prints it. */
  readonly statusHash: number;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly storageVersion: string;
  readonly etcdVersion: string;
  /** Kvorum's release; empty if etcd itself was backed up. */
  readonly serverVersion: string;
  /** Within the store, as a restore takes it. */
  readonly key: string;
  readonly sizeBytes: number;
  /** Of the whole stored file, as sha256sum prints it. */
  readonly sha256: string;
  readonly parts: number;
  /** RFC 3339: when the snapshot was asked for, when it was stored, when it had been read back. */
  readonly startedAt: string;
  readonly completedAt: string;
  readonly verifiedAt: string;
}

/** The text of a manifest: JSON, for people too. */
export function formatManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** A manifest, or why the text is none. */
export type ParsedManifest =
  { readonly kind: "Manifest"; readonly manifest: Manifest } | { readonly kind: "Foreign"; readonly reason: string };

const TEXTS = [
  "namespace",
  "clusterName",
  "clusterUID",
  "backupName",
  "clusterID",
  "memberID",
  "endpoint",
  "storageVersion",
  "etcdVersion",
  "serverVersion",
  "key",
  "sha256",
  "startedAt",
  "completedAt",
  "verifiedAt",
] as const;
const COUNTERS = [
  "revision",
  "compactRevision",
  "hashKV",
  "statusHash",
  "raftTerm",
  "raftIndex",
  "sizeBytes",
  "parts",
] as const;
// A field of one of the lists and not of the type, or the reverse, does not compile.
type Listed = (typeof TEXTS)[number] | (typeof COUNTERS)[number] | "formatVersion";
const isComplete: [Exclude<keyof Manifest, Listed>, Exclude<Listed, keyof Manifest>] extends [never, never]
  ? true
  : never = true;

/** Reads a manifest; further fields are left out. */
export function parseManifest(text: string): ParsedManifest {
  const value = isComplete && objectOf(text);
  if (!value) return foreign("it is no JSON object");
  const { formatVersion } = value;
  if (typeof formatVersion !== "number") return foreign("it names no formatVersion");
  if (formatVersion > MANIFEST_FORMAT) {
    return foreign(`it has formatVersion ${String(formatVersion)}, written by a newer release; restore it with that`);
  }
  const wrong =
    TEXTS.find((name) => typeof value[name] !== "string") ??
    COUNTERS.find((name) => !Number.isSafeInteger(value[name]) || Number(value[name]) < -1);
  if (wrong !== undefined) return foreign(`its field ${wrong} is missing or wrong`);
  if (!/^[0-9a-f]{64}$/.test(String(value["sha256"]))) return foreign("its field sha256 is missing or wrong");
  const fields = ["formatVersion", ...TEXTS, ...COUNTERS].map((name) => [name, value[name]]);
  return { kind: "Manifest", manifest: Object.fromEntries(fields) as Manifest };
}

function foreign(reason: string): ParsedManifest {
  return { kind: "Foreign", reason };
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}
