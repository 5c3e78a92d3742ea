import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions } from "node:https";
import type { Credentials, TlsMaterial } from "./connection.ts";

/** Connections for calls that end; more calls than this wait for one. Watches have connections of their own. */
const CALL_CONNECTIONS_MAX = 32;
/** TCP asks after a silent peer this often. */
const KEEP_ALIVE_MS = 30_000;

/** What a connection is for. */
export type Purpose = "call" | "watch";

type Agents = Readonly<Record<Purpose, HttpAgent>>;

/** Connections that are kept for the next call, made anew when the certificates change. */
export class AgentPool {
  readonly #isTls: boolean;
  #agents: Agents | undefined;
  #fingerprint = "";

  constructor(server: URL) {
    this.#isTls = server.protocol === "https:";
  }

  /** The agent to use with these credentials. */
  agentFor(credentials: Credentials, purpose: Purpose): HttpAgent {
    if (credentials.agent) return credentials.agent;
    const fingerprint = fingerprintOf(credentials.tls);
    if (!this.#agents || fingerprint !== this.#fingerprint) {
      this.#dropIdle();
      this.#fingerprint = fingerprint;
      this.#agents = { call: this.#agent(credentials.tls, CALL_CONNECTIONS_MAX), watch: this.#agent(credentials.tls) };
    }
    return this.#agents[purpose];
  }

  /** Ends every connection, used or not. */
  close(): void {
    for (const agent of Object.values(this.#agents ?? {})) agent.destroy();
    this.#agents = undefined;
  }

  #agent(tls: TlsMaterial, maxSockets = Infinity): HttpAgent {
    const options: AgentOptions = { ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets };
    return this.#isTls ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** Connections in use end by themselves; what they were made with is not used for new ones. */
  #dropIdle(): void {
    for (const agent of Object.values(this.#agents ?? {})) {
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }
}

function fingerprintOf({ ca, cert, key, servername, rejectUnauthorized }: TlsMaterial): string {
  const texts = [ca, cert, key].map((material) => material?.toString("base64") ?? "");
  return [...texts, servername, rejectUnauthorized].join("|");
}
