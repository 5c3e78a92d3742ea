import { momentOf, type Look } from "./look.ts";

/** The operator may take so long to notice. */
const NOTICED_AFTER_MS = 10_000;

/**
 * I7: the status does not say Available=True while linearizable reads have failed for more than ten seconds, and it is
 * never about a generation that the spec has not reached.
 */
export function honestStatus(looks: readonly Look[]): readonly string[] {
  const violations: string[] = [];
  let failingSince: Look | undefined;
  let isTold = false;
  for (const look of looks) {
    const at = momentOf(look, looks[0]);
    if (look.observedGeneration !== undefined && look.observedGeneration > look.generation)
      violations.push(
        `${at}: observedGeneration ${String(look.observedGeneration)} is beyond generation ${String(look.generation)}`,
      );
    if (look.isReadable) [failingSince, isTold] = [undefined, false];
    else failingSince ??= look;
    if (!failingSince || isTold || !look.isAvailable) continue;
    const failedMs = look.atMs - failingSince.atMs;
    if (failedMs <= NOTICED_AFTER_MS) continue;
    isTold = true;
    violations.push(`${at}: Available is True although no read has succeeded for ${(failedMs / 1000).toFixed(1)} s`);
  }
  return violations;
}
