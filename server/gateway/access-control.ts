import type { IncomingMessage, RequestListener } from "node:http";
import { TLSSocket } from "node:tls";

export interface AccessControlOptions {
  /** Origins that browsers may call from. Empty, or with `*`: any. */
  readonly cors: readonly string[];
  /** Host names that requests without TLS may be for. Empty, or with `*`: any. */
  readonly hostWhitelist: readonly string[];
  /** Whether a certificate that names a user has to be refused at the gateway: it would not count there. */
  readonly refusesNamedCertificates: () => boolean;
  readonly onRefusedHost: (host: string) => void;
}

const CORS_HEADERS = {
  "Access-Control-Allow-Methods": "POST, GET, OPTIONS, PUT, DELETE",
  "Access-Control-Allow-Headers": "accept, content-type, authorization",
} as const;

/** What every HTTP request on the client port has to pass: hosts, origins, and the old prefix of the gateway. */
export function accessControl(options: AccessControlOptions, next: RequestListener): RequestListener {
  return (request, response) => {
    request.url = request.url?.replace(/^\/v3beta\//, "/v3/");
    const refusal = refusalOf(options, request);
    if (refusal) {
      response.writeHead(refusal.status, TEXT);
      response.end(refusal.text);
      return;
    }
    const origin = allowedOrigin(options.cors, request.headers.origin);
    if (origin !== undefined) {
      for (const [name, value] of Object.entries(CORS_HEADERS)) response.setHeader(name, value);
      response.setHeader("Access-Control-Allow-Origin", origin);
    }
    if (request.method === "OPTIONS") {
      response.writeHead(200, { "Content-Length": 0 });
      response.end();
      return;
    }
    next(request, response);
  };
}

/** Whether a connection may become a WebSocket: browsers send these wherever the page came from. */
export function mayUpgrade({ hostWhitelist }: AccessControlOptions, request: IncomingMessage): boolean {
  return request.socket instanceof TLSSocket || isAllowed(hostWhitelist, hostOf(request));
}

const TEXT = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" } as const;

function refusalOf(options: AccessControlOptions, request: IncomingMessage) {
  const { socket } = request;
  if (socket instanceof TLSSocket) {
    const isGateway = request.url?.startsWith("/v3/") === true;
    const isRefused = isGateway && options.refusesNamedCertificates() && hasNamedCertificate(socket);
    const text = "CommonName of client sending a request against gateway will be ignored and not used as expected\n";
    return isRefused ? { status: 400, text } : undefined;
  }
  const host = hostOf(request);
  if (isAllowed(options.hostWhitelist, host)) return undefined;
  options.onRefusedHost(host);
  return { status: 421, text: wrongHost(host) };
}

function hasNamedCertificate(socket: TLSSocket): boolean {
  const { subject } = socket.getPeerCertificate();
  // Without a certificate there is an empty object, whatever the types say.
  return socket.authorized && Boolean((subject as { CN?: string } | undefined)?.CN);
}

function isAllowed(list: readonly string[], name: string): boolean {
  return list.length === 0 || list.includes("*") || list.includes(name);
}

function allowedOrigin(cors: readonly string[], origin: string | undefined): string | undefined {
  if (isAllowed(cors, "*")) return "*";
  return origin !== undefined && cors.includes(origin) ? origin : undefined;
}

/** Without the port. */
function hostOf({ headers }: IncomingMessage): string {
  const host = headers.host ?? "";
  return /^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? host.replace(/:\d*$/, "");
}

function wrongHost(host: string): string {
  return (
    `This server is not known under the name ${JSON.stringify(host)} in the Host header, and answers no web page that a ` +
    `forged name may have led here (DNS rebinding, CVE-2018-5702). Use TLS, or add the name: --host-whitelist ${JSON.stringify(host)}\n`
  );
}
