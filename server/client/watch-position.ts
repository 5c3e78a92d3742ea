import type { WatchResponse } from "../proto/gen/rpc_pb.js";

/** What a response tells of how far its watch has come. */
type Progressing = Pick<WatchResponse, "header" | "events" | "created" | "canceled" | "compactRevision" | "fragment">;

/** Where a watch begins that is to see what comes next: it learns its first revision when it is made. */
export const FROM_NOW_ON = 0n;

/**
 * The first revision that a watch has not told, after one more response; made anew there it loses nothing and repeats
 * nothing that came whole. It never goes back.
 *
 * - Events move it behind the last of them, whatever the header says: that names the store's revision, which is far
 *   ahead while history is read. All events of a revision come together.
 * - A piece of a response moves nothing. Its last revision may be told only in part, and who gathers pieces has handed
 *   on none of them: the last one, which is no piece, moves it behind them all.
 * - "Created" moves only a watch of what comes next: such a one begins behind the header's revision. One that begins at
 *   a revision has that still before it.
 * - Progress moves it behind the header's revision: up to there nothing is left to tell. A watch of the future, whose
 *   header is of the present, stays where it begins.
 * - The end of a watch, cancelled or compacted, moves nothing: nobody has seen what it leaves out.
 */
export function nextRevisionAfter(response: Progressing, next: bigint): bigint {
  const told = toldUpTo(response, next);
  return told !== undefined && told >= next ? told + 1n : next;
}

/** The last revision that is told with the response, if it says so. */
function toldUpTo({ header, events, created, fragment, ...rest }: Progressing, next: bigint): bigint | undefined {
  if (fragment) return undefined;
  const last = events.at(-1)?.kv?.modRevision;
  if (last !== undefined) return last;
  if (rest.canceled || rest.compactRevision !== 0n) return undefined;
  return created && next !== FROM_NOW_ON ? undefined : header?.revision;
}
