import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { BoundMethod } from "../rpc/service.ts";
import { Code, RpcError } from "../rpc/status.ts";
import { GatewayCall } from "./gateway-call.ts";
import { GATEWAY_ROUTES } from "./gateway-routes.ts";
import { callStream, callUnary, errorLine, type JsonCallOptions, type JsonExchange } from "./json-exchange.ts";
import { jsonTexts } from "./json-texts.ts";
import { httpStatusOf, statusJson } from "./status-json.ts";
import { acceptWebSocket, headersOfWebSocket, type WebSocketConnection } from "./websocket.ts";

/** What grpc-gateway says of every call that was carried to a method. */
const ANSWERED = { "Content-Type": "application/json", "Grpc-Metadata-Content-Type": "application/grpc" } as const;
const NOT_FOUND = { code: Code.NOT_FOUND, message: "Not Found" } as const;
const WRONG_METHOD = { code: Code.UNIMPLEMENTED, message: "Method Not Allowed" } as const;

/** Every method by JSON over HTTP, under `/v3/`; streams also over WebSockets. The methods do not know it. */
export class Gateway {
  readonly #options: JsonCallOptions;
  readonly #methods: ReadonlyMap<string, BoundMethod>;

  constructor(methods: readonly BoundMethod[], options: JsonCallOptions) {
    this.#options = options;
    const byPath = new Map(methods.map((method) => [method.path, method]));
    const routes = [...GATEWAY_ROUTES].map(([route, path]) => [route, byPath.get(path)] as const);
    this.#methods = new Map(routes.filter((route): route is [string, BoundMethod] => route[1] !== undefined));
  }

  /** Whether a path is the gateway's; everything under it is answered here. */
  static owns(path: string): boolean {
    return path.startsWith("/v3/");
  }

  /** Answers a request. Rejects with a bug. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = this.#methods.get(pathOf(request));
    if (!method) return sendStatus(response, NOT_FOUND);
    if (request.method !== "POST") return sendStatus(response, WRONG_METHOD, 501);
    const call = new GatewayCall(request.headers);
    response.once("close", () => {
      if (!response.writableFinished) call.cancel();
    });
    request.setEncoding("utf8");
    const pieces = request.iterator({ destroyOnReturn: false }) as AsyncIterable<string>;
    const exchange: JsonExchange = {
      call,
      requests: jsonTexts(pieces, this.#options.maxReceiveBytes),
      send: (line) => {
        if (!response.headersSent) response.writeHead(200, ANSWERED);
        return response.write(line);
      },
      drained: () => drained(response),
    };
    if (method.kind === "unary") await this.#unary(method, exchange, response);
    else await this.#stream(method, exchange, response);
  }

  /** Takes over a connection that asks for a WebSocket: texts in are requests, texts out are what HTTP would answer line by line. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const method = this.#methods.get(pathOf(request));
    const connection = method && acceptWebSocket(request, socket, head, 4 * this.#options.maxReceiveBytes);
    if (!connection) {
      socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.#converse(method, connection, new GatewayCall(headersOfWebSocket(request))).catch(this.#options.onBug);
  }

  async #unary(
    method: Extract<BoundMethod, { readonly kind: "unary" }>,
    exchange: JsonExchange,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const text = await callUnary(method, exchange, this.#options);
      response.writeHead(200, { ...ANSWERED, "Content-Length": Buffer.byteLength(text) });
      response.end(text);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      sendStatus(response, error);
    }
  }

  async #stream(
    method: Exclude<BoundMethod, { readonly kind: "unary" }>,
    exchange: JsonExchange,
    response: ServerResponse,
  ): Promise<void> {
    try {
      await callStream(method, exchange, this.#options);
      // A stream that said nothing was never begun: grpc-gateway answers with an empty page.
      if (!response.headersSent) response.writeHead(200, { "Content-Length": 0 });
      response.end();
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (!response.headersSent) response.writeHead(httpStatusOf(error), { "Content-Type": "application/json" });
      response.end(`${errorLine(error)}\n`);
    }
  }

  async #converse(method: BoundMethod, connection: WebSocketConnection, call: GatewayCall): Promise<void> {
    connection.onClose(() => {
      call.cancel();
    });
    const exchange: JsonExchange = {
      call,
      requests: jsonTexts(connection.texts, this.#options.maxReceiveBytes),
      send: (line) => connection.send(line.trimEnd()),
      drained: () => connection.drained(),
    };
    try {
      if (method.kind === "unary") connection.send(await callUnary(method, exchange, this.#options));
      else await callStream(method, exchange, this.#options);
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      connection.send(method.kind === "unary" ? statusJson(error) : errorLine(error));
    } finally {
      connection.close();
    }
  }
}

function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "/";
}

function sendStatus(response: ServerResponse, status: Parameters<typeof statusJson>[0], httpStatus?: number): void {
  const text = statusJson(status);
  response.writeHead(httpStatus ?? httpStatusOf(status), {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}

/** Resolves when more may be written, also when nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
