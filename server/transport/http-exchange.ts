import type { IncomingMessage, ServerResponse } from "node:http";

/** A request and how it is answered: what the handlers of the peer port share. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
}

/** Go's http.Error: plain text and one newline. */
export function sendError({ request, response }: Exchange, status: number, text: string): void {
  // What is left of the body is not worth reading.
  if (!request.complete) response.setHeader("Connection", "close");
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" });
  response.end(`${text}\n`);
}

export function sendBody({ response }: Exchange, contentType: string, body: string | Uint8Array, status = 200): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "Content-Type": contentType, "Content-Length": bytes.length });
  response.end(bytes);
}

/** Whether the method is the allowed one; if not, the request is answered. */
export function isMethod(exchange: Exchange, method: "GET" | "POST"): boolean {
  if (exchange.request.method === method) return true;
  exchange.response.setHeader("Allow", method);
  sendError(exchange, 405, "Method Not Allowed");
  return false;
}

/** The whole body; undefined: it exceeds the limit. Rejects if it is cut short. */
export async function readBody({ request }: Exchange, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
