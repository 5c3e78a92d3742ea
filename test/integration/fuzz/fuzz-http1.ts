import { Agent, request } from "node:http";
import type { Tally } from "./tally.ts";

const TIMEOUT_MS = 20_000;

/** One request over plain HTTP. */
export interface PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends requests over connections that are kept, and notes what is answered. */
export class PlainSender {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: URL;
  readonly #tally: Tally;

  constructor(url: string, tally: Tally) {
    this.#url = new URL(url);
    this.#tally = tally;
  }

  /** Streams are left after `patienceMs`, whatever they have said. */
  send({ method, path, headers = {}, body }: PlainRequest, patienceMs?: number): Promise<void> {
    const tally = this.#tally;
    tally.sent++;
    return new Promise((resolve) => {
      let outcome = "cut";
      const { hostname, port } = this.#url;
      const sent = request({ agent: this.#agent, hostname, port, method, path, headers });
      const timer = setTimeout(() => {
        if (patienceMs === undefined) tally.unanswered++;
        sent.destroy();
      }, patienceMs ?? TIMEOUT_MS);
      sent.on("response", (response) => {
        outcome = `status ${String(response.statusCode)}`;
        response.on("error", () => undefined);
        response.resume();
      });
      sent.on("error", () => undefined);
      sent.on("close", () => {
        clearTimeout(timer);
        tally.onAnswer(outcome);
        resolve();
      });
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
