import { request as httpRequest, type Agent, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { KubeError } from "./kube-error.ts";

/** The largest answer that is read: a page of 500 objects, each of the largest size, stays below it only if they are few. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

/** One HTTP request. */
export interface HttpCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly agent: Agent;
  readonly signal: AbortSignal;
}

/** Sends a request and gives back the answer as soon as its head is there. */
export function openExchange({ method, url, headers, body, agent, signal }: HttpCall): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers, agent, signal }, resolve);
    request.on("error", reject);
    request.end(body);
  });
}

/** The whole body of an answer. */
export async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new KubeError({ kind: "Invalid", causes: [] }, `an answer of more than ${String(ANSWER_BYTES_MAX)} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Codes of errors with which a connection never came about: the server has not seen the request. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** An error of the connection in words. */
export function connectionFault(error: unknown, server: string): KubeError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const text = error instanceof Error ? error.message || code : String(error);
  return new KubeError(
    { kind: "Unavailable", isSent: !NOT_SENT.has(code) },
    `the API server at ${server} cannot be reached: ${text}`,
    { cause: error },
  );
}
