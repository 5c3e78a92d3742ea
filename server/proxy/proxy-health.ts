import { create } from "@bufbuild/protobuf";
import { messageOf } from "../base/message-of.ts";
import { KV, RangeRequestSchema, Watch, WatchRequestSchema } from "../proto/gen/rpc_pb.js";
import { Code, RpcError } from "../rpc/status.ts";
import type { Origin, Upstream } from "./upstream.ts";

/** How long a read and a watch may take. */
const READ_PATIENCE_MS = 1000;
const WATCH_PATIENCE_MS = 3000;
/** The key that is read; it need not be there. */
const KEY = Uint8Array.of(0x61);

/** A health as etcd says it in JSON. */
export interface Health {
  readonly health: "true" | "false";
  readonly reason: string;
}

/** Whether a linearizable read is answered: a refusal is an answer, too. */
export async function readHealth(upstream: Upstream): Promise<Health> {
  const [origin, stop] = patience(READ_PATIENCE_MS);
  try {
    await upstream.unary(KV.method.range, create(RangeRequestSchema, { key: KEY }), origin);
    return HEALTHY;
  } catch (error) {
    if (error instanceof RpcError && error.code === Code.PERMISSION_DENIED) return HEALTHY;
    return { health: "false", reason: `GET ERROR:${messageOf(error)}` };
  } finally {
    stop();
  }
}

/** Whether the proxy itself serves reads and watches; `self` is a connection to where it says that it is. */
export async function proxyHealth(self: Upstream | undefined): Promise<Health> {
  if (!self) return { health: "false", reason: "no connection to proxy" };
  const health = await readHealth(self);
  if (health.health === "false") return health;
  const stream = self.duplex(Watch.method.watch);
  const timer = setTimeout(() => stream.cancel(), WATCH_PATIENCE_MS);
  try {
    stream.send(create(WatchRequestSchema, { requestUnion: { case: "createRequest", value: { key: KEY } } }));
    const first = await stream[Symbol.asyncIterator]().next();
    if (!first.done) return HEALTHY;
  } catch {
    // Why there is no watch does not matter to who asks for health.
  } finally {
    clearTimeout(timer);
    stream.cancel();
  }
  return { health: "false", reason: "WATCH TIMEOUT" };
}

const HEALTHY: Health = { health: "true", reason: "" };

/** An origin that cancels its call after a while. */
function patience(afterMs: number): readonly [Origin, () => void] {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, afterMs);
  const origin: Origin = { metadata: () => undefined, onCancelled: (run) => void over.promise.then(run) };
  return [origin, () => clearTimeout(timer)];
}
