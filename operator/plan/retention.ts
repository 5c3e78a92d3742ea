/** A backup of a schedule that has ended, one way or the other. */
export interface EndedBackup {
  readonly name: string;
  readonly outcome: "Verified" | "Completed" | "Failed";
  readonly endedMs: number;
  /** Whether a restore reads it at the moment. */
  readonly isInUse: boolean;
}

/** Which backups to keep; what is beyond either bound goes. */
export interface Retention {
  readonly keepLast?: number | undefined;
  readonly maxAgeMs?: number | undefined;
}

/**
 * The backups to delete, the oldest first. Those that succeeded and those that failed are counted apart: failures never
 * push out what could be restored. The newest verified backup stays whatever the bounds say (the newest one that
 * succeeded, while none is verified), and so does one that is being restored.
 */
export function beyondRetention(
  backups: readonly EndedBackup[],
  retention: Retention,
  nowMs: number,
): readonly EndedBackup[] {
  const ordered = newestFirst(backups);
  const treasure = treasureOf(ordered);
  const isBeyond = (backup: EndedBackup, rank: number): boolean =>
    rank >= (retention.keepLast ?? Infinity) || nowMs - backup.endedMs >= (retention.maxAgeMs ?? Infinity);
  return [ordered.filter(succeeded), ordered.filter((backup) => !succeeded(backup))]
    .flatMap((class_) => class_.filter(isBeyond))
    .filter((backup) => backup !== treasure && !backup.isInUse)
    .toSorted((a, b) => a.endedMs - b.endedMs);
}

/** When the next backup grows too old, from now on; undefined if none ever does. */
export function nextExpiryMs(
  backups: readonly EndedBackup[],
  { maxAgeMs }: Retention,
  nowMs: number,
): number | undefined {
  if (maxAgeMs === undefined) return undefined;
  const times = backups.map(({ endedMs }) => endedMs + maxAgeMs).filter((time) => time > nowMs);
  return times.length === 0 ? undefined : Math.min(...times);
}

function treasureOf(ordered: readonly EndedBackup[]): EndedBackup | undefined {
  return ordered.find(({ outcome }) => outcome === "Verified") ?? ordered.find(succeeded);
}

function succeeded({ outcome }: EndedBackup): boolean {
  return outcome !== "Failed";
}

/** Names break ties, so that every operator decides the same. */
function newestFirst(backups: readonly EndedBackup[]): readonly EndedBackup[] {
  return backups.toSorted((a, b) => b.endedMs - a.endedMs || (a.name < b.name ? 1 : -1));
}
