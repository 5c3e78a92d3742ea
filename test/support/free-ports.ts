import { createServer } from "node:net";

/** Below the range that the kernel hands out by itself, above the ports that etcd's own suites use. */
const FIRST_PORT = 21_000;
const LAST_PORT = 31_000;

const claimed = new Set<number>();

/** Ports of the loopback that nobody listens on and that this process has not been given before. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  // Begun at random, so that two harnesses on one machine seldom look at the same port.
  let port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > LAST_PORT - FIRST_PORT) throw new Error(`no ${String(count)} free ports`);
    port = port >= LAST_PORT ? FIRST_PORT : port + 1;
    if (claimed.has(port) || !(await isFree(port))) continue;
    claimed.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
