import { acquireLock, Client, KeptLease, KeySpace } from "@kvorum/client";

/**
 * What a user's program does while a member is killed: it watches, keeps a lease, holds one lock and waits for another one,
 * and writes. It says "ready" when all that is under way, and at the end what came of it. The test installs the package,
 * copies this file beside it and runs it there.
 */
const endpoints = process.env["ENDPOINTS"].split(",");
/** They take longer than an unrenewed lease lives. */
const WRITES = 90;
const client = new Client({ endpoints, keepalive: { timeMs: 1000, timeoutMs: 1000 } });
const other = new Client({ endpoints: endpoints.toReversed() });
const keys = new KeySpace(client, "enduring/");

const { revision } = await keys.list();
const seen = [];
const watched = new AbortController();
const watching = (async () => {
  for await (const { changes } of keys.watch({ under: "n/", fromRevision: revision + 1, signal: watched.signal })) {
    for (const change of changes) if (change.kind === "put") seen.push(Number(change.entry.text));
    if (seen.includes(WRITES)) return;
  }
})();

const lease = await KeptLease.grant(client, { ttlSeconds: 10 });
await keys.put("leased", "x", { leaseId: lease.id });
const held = await acquireLock(client, "enduring-lock", { ttlSeconds: 10 });
let isSecondGiven = false;
const second = acquireLock(client, "enduring-lock", { ttlSeconds: 10 }).then((lock) => {
  isSecondGiven = true;
  return lock;
});

process.stdout.write("ready\n");
const written = new KeySpace(other, "enduring/");
for (let n = 1; n <= WRITES; n++) {
  // A put that failed may have been done or not; it names its value, so doing it again does no harm.
  for (let attempt = 0; ; attempt++) {
    try {
      await written.put(`n/${String(n)}`, String(n));
      break;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 150));
}
const timer = setTimeout(() => watched.abort(), 60_000);
await watching;
clearTimeout(timer);

const distinct = seen.filter((n, at) => n !== seen[at - 1]);
const isInOrder = distinct.length === WRITES && distinct.every((n, at) => n === at + 1);
const isLeaseAlive = !lease.lost.aborted && (await keys.get("leased")) !== undefined;
const wasHeld = !held.lost.aborted && !isSecondGiven;
await held.release();
const next = await second;
process.stdout.write(`${JSON.stringify({ isInOrder, isLeaseAlive, wasHeld, isSecondGiven })}\n`);
await next.release();
await lease.revoke();
client.close();
other.close();
