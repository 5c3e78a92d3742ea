/** A release line of etcd: what storage versions are told by. */
export interface MinorVersion {
  readonly major: number;
  readonly minor: number;
}

/** The first release whose storage says its version. */
export const STORAGE_VERSION_SINCE: MinorVersion = { major: 3, minor: 6 };

/** What a store that says no version is taken for, once it has a term: what is older wrote none and cannot be told. */
export const UNSAID_STORAGE_VERSION: MinorVersion = { major: 3, minor: 5 };

/** Whether `a` came before `b`. */
export function isBefore(a: MinorVersion, b: MinorVersion): boolean {
  return a.major < b.major || (a.major === b.major && a.minor < b.minor);
}

/** "3.6". */
export function minorText({ major, minor }: MinorVersion): string {
  return `${String(major)}.${String(minor)}`;
}

/** "3.6.0", as it is stored. */
export function storedText(version: MinorVersion): string {
  return `${minorText(version)}.0`;
}

/** Reads "3.6.0"; undefined for what is no version. */
export function parseStored(text: string): MinorVersion | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

/** The row of a store of this version; none before there was one. */
export function storageVersionRow(version: MinorVersion): string | undefined {
  return isBefore(version, STORAGE_VERSION_SINCE) ? undefined : storedText(version);
}

/**
 * Why a store cannot be brought from one version to the other now, in etcd's words; undefined if it can. A log with what only
 * a newer release knows is no log for the older one: `neededByLog`, asked only on the way back, is the newest release that the
 * log needs from the last snapshot on (etcd storage/schema: UnsafeMigrate).
 */
export function updateRefusal(
  current: MinorVersion,
  target: MinorVersion,
  neededByLog: () => MinorVersion | undefined,
): string | undefined {
  const unknownStep = migrationRefusal(current, target);
  if (unknownStep !== undefined) return `cannot create migration plan: ${unknownStep}`;
  const needed = isBefore(target, current) ? neededByLog() : undefined;
  if (needed === undefined || !isBefore(target, needed)) return undefined;
  return (
    "cannot downgrade storage, WAL contains newer entries, as the target version " +
    `(${storedText(target)}) is lower than the version (${storedText(needed)}) detected from WAL logs`
  );
}

/**
 * Why a store cannot go from one version to the other, in etcd's words; undefined if it can. Each step has to be known by the
 * higher of its two versions, and etcd 3.6 knows one, that from 3.5 to 3.6 and back (etcd storage/schema: newPlan).
 */
export function migrationRefusal(current: MinorVersion, target: MinorVersion): string | undefined {
  const { major } = current;
  if (major !== target.major) return "changing major storage version is not supported";
  const isUpgrade = isBefore(current, target);
  const lowest = isUpgrade ? current.minor : target.minor;
  const steps = Array.from({ length: Math.abs(target.minor - current.minor) }, (_, step) => lowest + step + 1);
  const unknown = (isUpgrade ? steps : steps.toReversed()).find(
    (minor) => major !== STORAGE_VERSION_SINCE.major || minor !== STORAGE_VERSION_SINCE.minor,
  );
  return unknown === undefined ? undefined : `version "${storedText({ major, minor: unknown })}" is not supported`;
}
