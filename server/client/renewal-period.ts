/** How often in its time to live a lease is kept alive, as by etcd's client: two answers may get lost. */
const RENEWALS_PER_TTL = 3;

/** The time between two renewals of a lease. */
export function renewalPeriodMs(ttlSeconds: number): number {
  return (ttlSeconds * 1000) / RENEWALS_PER_TTL;
}
