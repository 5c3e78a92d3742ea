import { DomainError } from "../base/domain-error.ts";
import { hexId, type ClusterId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import { PeerCallError } from "../ports/peer-call-error.ts";
import type { PeerCalls } from "../ports/network.ts";
import { decodeRenewed, decodeTimeToLive, encodeRenewal, encodeTimeToLiveQuestion } from "./lease-messages.ts";
import { headerOf, parseHexId } from "./network-identity.ts";
import type { PeerAnswer, PeerClient } from "./peer-client.ts";
import { faultIn } from "./peer-fault-texts.ts";
import { parseHashKv, parseMembers, parseVersion } from "./peer-json.ts";

export interface PeerCallsOptions {
  readonly client: PeerClient;
  readonly clock: Clock;
  /** Sent along where the peer checks it; unknown before this member has joined. */
  readonly clusterId?: ClusterId | undefined;
}

/** Requests to another member's peer port, over connections that are kept. */
export function peerCalls({ client, clock, clusterId }: PeerCallsOptions): PeerCalls {
  const ask = asker(client, clock);
  const protobuf = { "Content-Type": "application/protobuf" };
  return {
    version: (urls, timeoutMs) => ask(urls, timeoutMs, { path: "/version" }, ({ body }) => parseVersion(textOf(body))),
    members: (urls, timeoutMs) =>
      ask(urls, timeoutMs, { path: "/members" }, ({ headers, body }) => {
        const id = parseHexId(headerOf(headers, "x-etcd-cluster-id") ?? "");
        if (id === undefined) throw new SyntaxError("the answer names no cluster");
        return { clusterId: id, members: parseMembers(textOf(body)) };
      }),
    downgradeEnabled: (urls, timeoutMs) =>
      ask(urls, timeoutMs, { path: "/downgrade/enabled" }, ({ body }) => parseBoolean(textOf(body))),
    renewLease: (urls, id, timeoutMs) =>
      ask(
        urls,
        timeoutMs,
        { method: "POST", path: "/leases", headers: protobuf, body: encodeRenewal(id), faultOf: leaseFault },
        ({ body }) => decodeRenewed(body, id),
      ),
    leaseTimeToLive(urls, id, keys, timeoutMs) {
      const body = encodeTimeToLiveQuestion(id, keys);
      const question = {
        method: "POST",
        path: "/leases/internal",
        headers: protobuf,
        body,
        faultOf: leaseFault,
      } as const;
      return ask(urls, timeoutMs, question, (answer) => decodeTimeToLive(answer.body, id));
    },
    promote: (urls, id, timeoutMs) =>
      ask(
        urls,
        timeoutMs,
        { method: "POST", path: `/members/promote/${String(id)}`, faultOf: promoteFault },
        ({ body }) => parseMembers(textOf(body)),
      ),
    hashKv(urls, revision, timeoutMs) {
      const headers = {
        "Content-Type": "application/json",
        ...(clusterId !== undefined && { "X-Etcd-Cluster-Id": hexId(clusterId) }),
      };
      const body = JSON.stringify(revision === 0 ? {} : { revision });
      const question = { path: "/members/hashkv", headers, body, faultOf: hashFault };
      return ask(urls, timeoutMs, question, (answer) => parseHashKv(textOf(answer.body)));
    },
  };
}

interface Question {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** The outcome that an answer other than 200 means; undefined: this URL failed. */
  readonly faultOf?: (answer: PeerAnswer) => DomainError | undefined;
}

/** Asks the URLs of one peer in turn, each with its share of the time; the first answer counts. */
function asker(client: PeerClient, clock: Clock) {
  return async <T>(
    urls: readonly string[],
    timeoutMs: number,
    { method = "GET", path, headers = {}, body, faultOf }: Question,
    read: (answer: PeerAnswer) => T,
  ): Promise<T> => {
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    let failure = new PeerCallError(`${method} ${path}: the peer has no URL`);
    for (const [i, url] of urls.entries()) {
      const shareMs = (deadlineMs - clock.monotonicMs()) / (urls.length - i);
      try {
        const answer = await client.call({ method, url, path, headers, body, timeoutMs: Math.ceil(shareMs) });
        if (answer.status === 200) return readOrName(answer, read, `${method} ${url}${path}`);
        const fault = faultOf?.(answer);
        if (fault) throw fault;
        const said = textOf(answer.body).trim().slice(0, 200);
        failure = new PeerCallError(`${method} ${url}${path}: HTTP status ${String(answer.status)}: ${said}`);
      } catch (error) {
        if (!(error instanceof PeerCallError)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

function readOrName<T>(answer: PeerAnswer, read: (answer: PeerAnswer) => T, request: string): T {
  try {
    return read(answer);
  } catch (error) {
    throw new PeerCallError(`${request}: ${(error as Error).message}`, { cause: error });
  }
}

function leaseFault({ status }: PeerAnswer): DomainError | undefined {
  if (status === 404) return new DomainError("lease-not-found");
  return status === 408 ? new DomainError("timeout-wait-applied") : undefined;
}

function promoteFault({ status, body }: PeerAnswer): DomainError | undefined {
  if (status === 408) return new DomainError("timeout");
  if (status === 404) return new DomainError("member-not-found");
  return status === 412 ? faultIn(textOf(body), ["learner-not-ready", "member-not-learner"]) : undefined;
}

function hashFault({ status, body }: PeerAnswer): DomainError | undefined {
  if (status === 400) return faultIn(textOf(body), ["compacted", "future-revision"]);
  return status === 412 ? faultIn(textOf(body), ["cluster-id-mismatch"]) : undefined;
}

function parseBoolean(text: string): boolean {
  if (text !== "true" && text !== "false") throw new SyntaxError(`"${text.slice(0, 20)}" is neither true nor false`);
  return text === "true";
}

function textOf(body: Buffer): string {
  return body.toString("utf8");
}
