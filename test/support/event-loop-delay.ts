/** How late timers of a server were, in milliseconds, since the last time that its metrics were read. */
export interface EventLoopDelay {
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The metrics that this was read from. */
  readonly source: string;
}

/** prom-client samples every 10 ms and counts these in. */
const PROM_CLIENT_RESOLUTION_MS = 10;

/**
 * Reads a server's event-loop delay from /metrics; undefined if it has none (as etcd). Where there is no p99.9, the
 * longest stands for it, which is stricter.
 */
export async function eventLoopDelay(clientUrl: string): Promise<EventLoopDelay | undefined> {
  const text = await (await fetch(`${clientUrl}/metrics`)).text();
  const value = (name: string): number | undefined => {
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1)) * 1000;
  };
  const own = 'kvorum_event_loop_delay_seconds{quantile="0.999"}';
  const p999Ms = value(own);
  const maxMs = value('kvorum_event_loop_delay_seconds{quantile="1"}');
  if (p999Ms !== undefined && maxMs !== undefined) return { p999Ms, maxMs, source: "kvorum_event_loop_delay_seconds" };
  const lagMs = value("nodejs_eventloop_lag_max_seconds");
  if (lagMs === undefined) return undefined;
  const lateMs = Math.max(0, lagMs - PROM_CLIENT_RESOLUTION_MS);
  return { p999Ms: lateMs, maxMs: lateMs, source: "nodejs_eventloop_lag_max_seconds" };
}
