/** What an API server logs when its watches or its store are in trouble. */
const PATTERNS = {
  "watch cache terminated its watchers": /Terminating all watchers from cacher/,
  "watch cache filled anew": /unexpected ListAndWatch error|watch of .* (?:ended|closed) with/,
  "watch of the store broke": /watch chan error/,
  "too old resource version": /too old resource version|required revision has been compacted/,
  "cache inconsistent": /Cache consistency check failed/,
  "cache check not possible": /Cache consistency check error/,
  "compaction failed": /compact failed/,
  "store said etcdserver: …": /etcdserver: /,
  "store not reached": /connection refused|connection reset|transport is closing|error reading from server/,
  "timed out": /context deadline exceeded|Timeout: request did not complete/,
  panic: /panic|fatal error:/,
} as const;
/** A kind of line that is counted. */
export type LogKind = keyof typeof PATTERNS;

/** How many lines of a log are of each kind; a line may be of several. */
export function logCounts(log: string): Readonly<Record<LogKind, number>> {
  const counts = Object.fromEntries(Object.keys(PATTERNS).map((kind) => [kind, 0])) as Record<LogKind, number>;
  for (const line of log.split("\n")) {
    for (const [kind, pattern] of Object.entries(PATTERNS) as [LogKind, RegExp][])
      if (pattern.test(line)) counts[kind]++;
  }
  return counts;
}

/** The first lines of one kind, to be read when it must not be there. */
export function linesOf(log: string, kind: LogKind, limit = 3): readonly string[] {
  return log
    .split("\n")
    .filter((line) => PATTERNS[kind].test(line))
    .slice(0, limit);
}
