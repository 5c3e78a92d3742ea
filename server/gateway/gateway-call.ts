import type { IncomingHttpHeaders } from "node:http";
import type { CallContext } from "../rpc/service.ts";

/** Headers that clients set for HTTP's sake; a method sees them under this prefix (grpc-gateway's metadata). */
const FORWARDED_PREFIX = "grpcgateway-";
const FORWARDED = new Set(["accept", "authorization", "content-type", "host", "origin", "referer", "user-agent"]);
/** What comes with this prefix is meant for the method. */
const METADATA_PREFIX = "grpc-metadata-";
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;
const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** A call that came over HTTP. */
export class GatewayCall implements CallContext {
  readonly #headers: IncomingHttpHeaders;
  readonly #onCancelled: (() => void)[] = [];
  #isCancelled = false;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  /** How long the client waits; undefined: as long as it takes. */
  get timeoutMs(): number | undefined {
    const [, amount, unit = ""] = TIMEOUT.exec(this.#header("grpc-timeout") ?? "") ?? [];
    return amount === undefined ? undefined : Number(amount) * (UNIT_MS[unit] ?? 0);
  }

  metadata(key: string): string | undefined {
    if (key === "authorization") return this.#header(key);
    if (key.startsWith(FORWARDED_PREFIX)) {
      const name = key.slice(FORWARDED_PREFIX.length);
      return FORWARDED.has(name) ? this.#header(name) : undefined;
    }
    return this.#header(`${METADATA_PREFIX}${key}`);
  }

  /** Who speaks to the gateway proves itself with a token: etcd's gateway has no certificate of the client's either. */
  peerCommonName(): undefined {
    return undefined;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  onCancelled(run: () => void): void {
    if (this.#isCancelled) run();
    else this.#onCancelled.push(run);
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    for (const run of this.#onCancelled.splice(0)) run();
  }

  #header(name: string): string | undefined {
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }
}
