/** What a watch stream is bounded by. */
export interface WatchLimits {
  /** A response above this is split, if its watcher allows that. */
  readonly fragmentBytes: number;
  readonly progressIntervalMs: number;
}
