import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { ETCD_VERSION, KVORUM_VERSION } from "../base/versions.ts";
import { parsePermit, parseSignedPermit, type Permit, type SignedPermit } from "../node/permit.ts";
import { sendBody, sendError } from "../transport/http-exchange.ts";
import { versionJson } from "../transport/peer-json.ts";
import type { IdentityAnswer } from "./member-standing.ts";

/** The longest permit, and how long its sender may take to send it. */
const MAX_PERMIT_BYTES = 64 * 1024;
const PERMIT_TIMEOUT_MS = 10_000;
/** Beyond this the connection is cut. */
const MAX_READ_BYTES = 1024 * 1024;

const IDENTITY_PATH = "/kvorum/v1/identity";
const PERMIT_PATH = "/kvorum/v1/permit";

/** What a supervised member answers on its peer port. */
export interface MemberEndpoints {
  readonly identity: () => IdentityAnswer;
  /** Whether the operator has signed it. */
  readonly isSigned: (permit: SignedPermit) => boolean;
  /** Takes a permit; resolves with the reason if it does not. */
  readonly offer: (permit: Permit) => Promise<string | undefined>;
  /** Etcd's peer protocol, while a member runs. */
  readonly raft: () => RequestListener | undefined;
  readonly onBug: (error: unknown) => void;
}

/** Serves the operator's two endpoints always, and the peers while a member runs. */
export function memberPeerHandler(endpoints: MemberEndpoints): RequestListener {
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const raft = endpoints.raft();
    if (raft && path !== IDENTITY_PATH && path !== PERMIT_PATH) {
      raft(request, response);
      return;
    }
    // A sender that goes away while it is answered is nobody's failure.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    serve(endpoints, path, request, response).catch(endpoints.onBug);
  };
}

async function serve(
  endpoints: MemberEndpoints,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const exchange = { request, response, path };
  switch (path) {
    case IDENTITY_PATH:
      if (isMethod(request, response, "GET")) answer(response, 200, endpoints.identity());
      return;
    case PERMIT_PATH:
      if (isMethod(request, response, "POST")) await servePermit(endpoints, request, response);
      return;
    case "/version":
      // The others ask before they use a joint configuration, also for a member that they have just added.
      return sendBody(
        exchange,
        "application/json",
        versionJson({
          etcdserver: ETCD_VERSION,
          etcdcluster: "not_decided",
          storage: "unknown",
          kvorum: KVORUM_VERSION,
        }),
      );
    default:
      sendError(exchange, 503, `no member runs here: ${endpoints.identity().message ?? "it is starting"}`);
  }
}

async function servePermit(
  { isSigned, offer }: MemberEndpoints,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await permitBody(request, response);
  if (body === undefined) return;
  const permit = readPermit(body, isSigned);
  if ("refusal" in permit) return refuse(response, permit.status, permit.refusal);
  const refusal = await offer(permit.permit);
  if (refusal === undefined) answer(response, 200, {});
  else refuse(response, 409, refusal);
}

/** The body, if it is short and comes soon; if not, the request is answered. */
async function permitBody(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
  const timer = setTimeout(() => request.socket.destroy(), PERMIT_TIMEOUT_MS);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= MAX_PERMIT_BYTES) chunks.push(chunk);
      // A little too much is read to its end, for a sender that is cut off does not read why.
      else if (length > MAX_READ_BYTES) request.socket.destroy();
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
  if (length <= MAX_PERMIT_BYTES) return Buffer.concat(chunks).toString("utf8");
  refuse(response, 413, `a permit has at most ${String(MAX_PERMIT_BYTES)} bytes`);
  return undefined;
}

type ReadPermit = { readonly permit: Permit } | { readonly status: 400 | 403; readonly refusal: string };

/** Nothing in a permit is looked at before its signature. */
function readPermit(body: string, isSigned: MemberEndpoints["isSigned"]): ReadPermit {
  try {
    const signed = parseSignedPermit(body);
    if (!isSigned(signed)) {
      return {
        status: 403,
        refusal: "the signature is not the operator's: it does not fit --permit-public-key and the payload",
      };
    }
    return { permit: parsePermit(Buffer.from(signed.payload).toString("utf8")) };
  } catch (error) {
    if (error instanceof SyntaxError) return { status: 400, refusal: error.message };
    throw error;
  }
}

function isMethod(request: IncomingMessage, response: ServerResponse, method: string): boolean {
  if (request.method === method) return true;
  response.setHeader("Allow", method);
  refuse(response, 405, `${String(request.method)} is not served here: use ${method}`);
  return false;
}

function refuse(response: ServerResponse, status: number, error: string): void {
  answer(response, status, { error });
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}
