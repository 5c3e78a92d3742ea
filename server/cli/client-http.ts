import type { IncomingMessage, RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import type { Config } from "../config/config.ts";
import { accessControl, mayUpgrade, type AccessControlOptions } from "../gateway/access-control.ts";
import { Gateway } from "../gateway/gateway.ts";
import { httpHandler, type HttpSources } from "../gateway/http-handler.ts";
import type { JsonCallOptions } from "../gateway/json-exchange.ts";
import type { Node } from "../node/node.ts";
import type { Logger } from "../ports/logger.ts";
import type { BoundMethod } from "../rpc/service.ts";

export interface ClientHttpOptions {
  readonly config: Config;
  readonly logger: Logger;
  readonly sources: HttpSources;
}

/** Plain HTTP for clients: probes and metrics from the start, the JSON gateway as long as there is a member to serve it. */
export class ClientHttp {
  /** Answers health and metrics alone, where only they are wanted. */
  readonly probes: RequestListener;
  /** Answers all of it. */
  readonly all: RequestListener;
  readonly #access: AccessControlOptions;
  readonly #isGatewayWanted: boolean;
  #served: { readonly gateway: Gateway; readonly node: Node; readonly onBug: (error: unknown) => void } | undefined;

  constructor({ config, logger, sources }: ClientHttpOptions) {
    const { cors, hostWhitelist, enableGrpcGateway, clientTls } = config;
    this.#isGatewayWanted = enableGrpcGateway;
    this.#access = {
      cors,
      hostWhitelist,
      refusesNamedCertificates: () =>
        enableGrpcGateway && clientTls.clientCertAuth && this.#served?.node.machine.auth.isEnabled === true,
      onRefusedHost: (host) => {
        logger.warn("rejecting HTTP request to prevent DNS rebinding attacks", { host });
      },
    };
    this.probes = httpHandler(sources);
    this.all = accessControl(this.#access, (request, response) => {
      const served = this.#served;
      if (served && Gateway.owns(request.url ?? "/")) served.gateway.answer(request, response).catch(served.onBug);
      else this.probes(request, response);
    });
  }

  /** From now on the gateway calls these methods. */
  serveGateway(node: Node, methods: readonly BoundMethod[], options: JsonCallOptions): void {
    if (!this.#isGatewayWanted) return;
    this.#served = { node, gateway: new Gateway(methods, options), onBug: options.onBug };
  }

  stopGateway(): void {
    this.#served = undefined;
  }

  /** A connection wants to become something else: a WebSocket to the gateway, or nothing that is known here. */
  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#served && Gateway.owns(request.url ?? "/") && mayUpgrade(this.#access, request)) {
      this.#served.gateway.upgrade(request, socket, head);
    } else socket.destroy();
  };
}
