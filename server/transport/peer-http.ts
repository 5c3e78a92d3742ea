import type { RequestListener, ServerOptions } from "node:http";
import { DomainError } from "../base/domain-error.ts";
import { hexId } from "../base/ids.ts";
import { isMethod, readBody, sendBody, sendError, type Exchange } from "./http-exchange.ts";
import { decodeRenewal, decodeTimeToLiveQuestion, encodeRenewed, encodeTimeToLive } from "./lease-messages.ts";
import { headerOf } from "./network-identity.ts";
import { peerFaultText } from "./peer-fault-texts.ts";
import { hashKvJson, membersJson, parseHashKvRequest, versionJson } from "./peer-json.ts";
import type { PeerPortOptions } from "./peer-port-options.ts";
import { RaftHttp } from "./raft-http.ts";

/** The longest body of a call about leases, or of any other small one. */
const MAX_CALL_BYTES = 64 * 1024;
const PROMOTE_PREFIX = "/members/promote/";

/** For the server on the peer port: a snapshot may come for hours, an idle connection goes after etcd's 5 s. */
export const PEER_SERVER_OPTIONS: ServerOptions = {
  requestTimeout: 0,
  headersTimeout: 10_000,
  keepAliveTimeout: 5000,
  noDelay: true,
};

export interface PeerHttpOptions extends PeerPortOptions {
  /** A bug: something failed that is no outcome. Ends the process (design decision 13). */
  readonly onBug: (error: unknown) => void;
}

/** Serves everything on the peer port (peer-protocol §1). */
export function peerHttpHandler(options: PeerHttpOptions): RequestListener {
  const raft = new RaftHttp(options);
  return (request, response) => {
    // A sender that goes away while it is answered is nobody's failure.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const [path = ""] = (request.url ?? "").split("?");
    const exchange = { request, response, path };
    serve(exchange, options, raft).catch(options.onBug);
  };
}

async function serve(exchange: Exchange, options: PeerHttpOptions, raft: RaftHttp): Promise<void> {
  const { path, response } = exchange;
  const clusterId = hexId(options.handlers.clusterId);
  switch (path) {
    case "/members":
      if (!isMethod(exchange, "GET")) return;
      response.setHeader("X-Etcd-Cluster-Id", clusterId);
      return sendBody(exchange, "application/json", membersJson(options.handlers.members()));
    case "/version":
      if (!isMethod(exchange, "GET")) return;
      return sendBody(exchange, "application/json", versionJson(options.handlers.version()));
    case "/downgrade/enabled":
      if (!isMethod(exchange, "GET")) return;
      response.setHeader("X-Etcd-Cluster-Id", clusterId);
      return serveDowngrade(exchange, options);
    case "/members/hashkv":
      return serveHashKv(exchange, options);
    case "/leases":
    case "/leases/internal":
      return serveLease(exchange, options);
    default:
      if (path.startsWith(PROMOTE_PREFIX)) return servePromote(exchange, options);
      if (!(await raft.serve(exchange))) sendError(exchange, 404, "404 page not found");
  }
}

async function serveDowngrade(exchange: Exchange, { handlers }: PeerHttpOptions): Promise<void> {
  const isEnabled = await outcomeOf(handlers.downgradeEnabled());
  if (isEnabled instanceof DomainError) sendError(exchange, 500, `failed linearized read: ${peerFaultText(isEnabled)}`);
  else sendBody(exchange, "text/plain", String(isEnabled));
}

async function serveHashKv(exchange: Exchange, { handlers }: PeerHttpOptions): Promise<void> {
  if (!isMethod(exchange, "GET")) return;
  const theirs = headerOf(exchange.request.headers, "x-etcd-cluster-id") ?? "";
  if (theirs !== "" && theirs !== hexId(handlers.clusterId)) return sendError(exchange, 412, "cluster ID mismatch");
  const body = await readBody(exchange, MAX_CALL_BYTES).catch(() => undefined);
  if (!body) return sendError(exchange, 400, "error reading body");
  const revision = parsed(() => parseHashKvRequest(body.toString("utf8")));
  if (revision === undefined) return sendError(exchange, 400, "error unmarshalling request");
  const hash = await outcomeOf(handlers.hashKv(revision));
  if (hash instanceof DomainError) return sendError(exchange, 400, peerFaultText(hash));
  exchange.response.setHeader("X-Etcd-Cluster-Id", hexId(handlers.clusterId));
  sendBody(exchange, "application/json", hashKvJson(hash));
}

async function serveLease(exchange: Exchange, { handlers }: PeerHttpOptions): Promise<void> {
  if (exchange.request.method !== "POST") return sendError(exchange, 405, "Method Not Allowed");
  const isRenewal = exchange.path === "/leases";
  let body: Buffer | undefined;
  try {
    body = await readBody(exchange, MAX_CALL_BYTES);
  } catch {
    return sendError(exchange, 400, "error reading body");
  }
  if (!body) return sendError(exchange, 413, "request body too large");
  const bytes = body;
  const question = parsed(() =>
    isRenewal ? { id: decodeRenewal(bytes), keys: false } : decodeTimeToLiveQuestion(bytes),
  );
  if (!question) return sendError(exchange, 400, "error unmarshalling request");
  const { id, keys } = question;
  const answer = await outcomeOf(
    isRenewal
      ? handlers.renewLease(id).then((ttl) => encodeRenewed(id, ttl))
      : handlers.leaseTimeToLive(id, keys).then(encodeTimeToLive),
  );
  if (answer instanceof DomainError) sendError(exchange, leaseStatus(answer, isRenewal), peerFaultText(answer));
  else sendBody(exchange, "application/protobuf", answer);
}

function leaseStatus({ fault }: DomainError, isRenewal: boolean): number {
  if (fault === "lease-not-found") return 404;
  if (fault === "timeout-wait-applied") return 408;
  return isRenewal ? 400 : 500;
}

async function servePromote(exchange: Exchange, { handlers, logger }: PeerHttpOptions): Promise<void> {
  if (!isMethod(exchange, "POST")) return;
  exchange.response.setHeader("X-Etcd-Cluster-Id", hexId(handlers.clusterId));
  const text = exchange.path.slice(PROMOTE_PREFIX.length);
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (id === undefined || id >= 2n ** 64n) return sendError(exchange, 404, `member ${text} not found in cluster`);
  const members = await outcomeOf(handlers.promote(id));
  if (!(members instanceof DomainError)) return sendBody(exchange, "application/json", membersJson(members));
  logger.warn("failed to promote a member", { "member-id": hexId(id), error: peerFaultText(members) });
  const status = promoteStatus(members);
  if (status === 500) sendBody(exchange, "application/json", `{"message":"Internal Server Error"}`, 500);
  else sendError(exchange, status, peerFaultText(members));
}

function promoteStatus({ fault }: DomainError): number {
  if (fault === "member-not-found") return 404;
  if (fault === "member-not-learner" || fault === "learner-not-ready") return 412;
  return fault === "timeout" ? 408 : 500;
}

/** What was promised, or the fault that came instead; anything else is a bug and goes on. */
async function outcomeOf<T>(promise: Promise<T>): Promise<T | DomainError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** What a parser makes of the sender's bytes; undefined: they are malformed. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
