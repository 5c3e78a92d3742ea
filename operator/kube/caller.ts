import type { IncomingMessage } from "node:http";
import { AgentPool, type Purpose } from "./agent-pool.ts";
import { callText, resourceName, WIRE_FORMS, type ApiCall, type FinishedCall } from "./api-call.ts";
import { pause, type Clock } from "./clock.ts";
import type { Connection } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { connectionFault, openExchange, readBody } from "./http-exchange.ts";
import { KubeError } from "./kube-error.ts";
import { resourcePath } from "./resource-kind.ts";
import { CALL_ATTEMPTS_MAX, retryDelayMs } from "./retry-policy.ts";
import { faultOf, faultText, type StatusBody } from "./status-fault.ts";

/** How long one attempt may take, unless the call says otherwise. */
const CALL_TIMEOUT_MS = 30_000;
/** No further attempt begins after this time. */
const CALL_TOTAL_MS = 60_000;

/** What calls are made with. */
export interface CallerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** From 0 to 1: spreads retries. */
  readonly random: () => number;
  readonly userAgent: string;
  /** Hears of every attempt. */
  readonly observe?: (call: FinishedCall) => void;
  /** Asked before each attempt to write: false as soon as we are not the leader any more. */
  readonly mayWrite?: () => boolean;
}

/** Sends calls to the API server: authentication, time limits, retries where they do no harm, faults in a closed set. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #server: URL;
  readonly #agents: AgentPool;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#server = new URL(options.connection.server);
    this.#agents = new AgentPool(this.#server);
  }

  /** The decoded body of the answer. Every failure is a `KubeError`. */
  async call(call: ApiCall): Promise<unknown> {
    const { clock, random } = this.#options;
    const startMs = clock.monotonicMs();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        if (!(error instanceof KubeError) || clock.monotonicMs() - startMs > CALL_TOTAL_MS) throw error;
        const { isIdempotent } = WIRE_FORMS[call.verb];
        const attemptsMax = call.attemptsMax ?? CALL_ATTEMPTS_MAX;
        const delayMs = retryDelayMs({ fault: error.fault, isIdempotent, attempt, attemptsMax }, random);
        if (delayMs === undefined) throw error;
        await pause(clock, delayMs, call.signal);
      }
    }
  }

  /**
   * The body of an answer that goes on, chunk by chunk. It has to begin as soon as that of any call; then each chunk gives
   * it `silenceMs` again, so that a connection which nobody serves any more is given up. Never tried again here.
   */
  async *stream(call: ApiCall, silenceMs: number): AsyncGenerator<Buffer, void, undefined> {
    const deadline = this.#deadline(call);
    const startMs = this.#options.clock.monotonicMs();
    let isOpen = false;
    try {
      const answer = await this.#open(call, "watch", deadline.signal);
      if (!isSuccess(answer)) throw await errorOf(call, answer);
      isOpen = true;
      this.#observe(call, "200", startMs);
      deadline.extend(silenceMs);
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        deadline.extend(silenceMs);
        yield chunk;
      }
    } catch (error) {
      const failure = this.#failure(call, error, deadline);
      if (!isOpen) this.#observe(call, codeOf(failure), startMs);
      throw failure;
    } finally {
      deadline.end();
    }
  }

  /** Ends every connection. */
  close(): void {
    this.#agents.close();
  }

  async #attempt(call: ApiCall): Promise<unknown> {
    const startMs = this.#options.clock.monotonicMs();
    const deadline = this.#deadline(call);
    try {
      this.#checkMayWrite(call);
      const answer = await this.#open(call, "call", deadline.signal);
      if (!isSuccess(answer)) throw await errorOf(call, answer);
      const text = await readBody(answer);
      this.#observe(call, String(answer.statusCode), startMs);
      return text === "" ? undefined : JSON.parse(text);
    } catch (error) {
      const failure = this.#failure(call, error, deadline);
      this.#observe(call, codeOf(failure), startMs);
      throw failure;
    } finally {
      deadline.end();
    }
  }

  async #open(call: ApiCall, purpose: Purpose, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await this.#options.connection.credentials();
    // It may have taken its time, an exec plugin for instance.
    if (signal.aborted) throw new Error("given up before it was sent");
    this.#checkMayWrite(call);
    const form = WIRE_FORMS[call.verb];
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    return openExchange({
      method: form.method,
      url: this.#url(call),
      headers: {
        ...credentials.headers,
        Accept: "application/json",
        "User-Agent": this.#options.userAgent,
        ...("contentType" in form &&
          body !== undefined && {
            "Content-Type": form.contentType,
            "Content-Length": String(Buffer.byteLength(body)),
          }),
      },
      body,
      agent: this.#agents.agentFor(credentials, purpose),
      signal,
    });
  }

  #url({ kind, place, query = {} }: ApiCall): URL {
    const url = new URL(this.#server);
    url.pathname = url.pathname.replace(/\/$/, "") + resourcePath(kind, place);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #checkMayWrite(call: ApiCall): void {
    if (!WIRE_FORMS[call.verb].isWrite || this.#options.mayWrite?.() !== false) return;
    throw new KubeError({ kind: "NotLeader" }, `${callText(call)}: not sent, because this operator is not the leader`);
  }

  #deadline({ timeoutMs = CALL_TIMEOUT_MS, signal }: ApiCall): Deadline {
    return new Deadline(this.#options.clock, timeoutMs, signal);
  }

  #failure(call: ApiCall, error: unknown, deadline: Deadline): KubeError {
    const what = callText(call);
    if (deadline.reason === "late") {
      const seconds = String(deadline.timeoutMs / 1000);
      return new KubeError({ kind: "Timeout" }, `${what}: the API server was silent for ${seconds} s`, {
        cause: error,
      });
    }
    if (deadline.reason === "cancelled") {
      return new KubeError({ kind: "Cancelled" }, `${what}: given up by its caller`, { cause: error });
    }
    if (error instanceof KubeError) return error;
    if (error instanceof SyntaxError) {
      return new KubeError({ kind: "Unavailable", isSent: true }, `${what}: the answer is no JSON`, { cause: error });
    }
    return connectionFault(error, this.#server.origin);
  }

  #observe(call: ApiCall, code: string, startMs: number): void {
    const durationMs = this.#options.clock.monotonicMs() - startMs;
    this.#options.observe?.({ verb: call.verb, resource: resourceName(call), code, durationMs });
  }
}

function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

function codeOf({ status, fault }: KubeError): string {
  return status === undefined ? fault.kind : String(status);
}

async function errorOf(call: ApiCall, answer: IncomingMessage): Promise<KubeError> {
  const status = answer.statusCode ?? 0;
  const body = parseStatus(await readBody(answer));
  const fault = faultOf(status, body, answer.headers["retry-after"]);
  return new KubeError(fault, `${callText(call)}: ${faultText(status, body)}`, { status });
}

function parseStatus(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return text.trim() === "" ? {} : { message: text.trim().slice(0, 500) };
  }
}
