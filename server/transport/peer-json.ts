import { goJsonString, parseIdJson } from "../base/id-json.ts";
import type { PeerHashKv, PeerVersion, RemoteMember } from "../ports/network.ts";

/** The JSON of the peer port: what Go's encoding/json makes of etcd's types, ids as decimal 64-bit numbers. */

/** Members in the order of their ids, and a newline, as /members lists them. */
export function membersJson(members: readonly RemoteMember[]): string {
  const ascending = members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return `[${ascending.map(memberJson).join(",")}]\n`;
}

function memberJson({ id, peerUrls, isLearner, name, clientUrls }: RemoteMember): string {
  const fields = [`"id":${String(id)}`, `"peerURLs":${list(peerUrls)}`];
  if (isLearner) fields.push(`"isLearner":true`);
  if (name !== "") fields.push(`"name":${goJsonString(name)}`);
  if (clientUrls.length > 0) fields.push(`"clientURLs":${list(clientUrls)}`);
  return `{${fields.join(",")}}`;
}

function list(texts: readonly string[]): string {
  return `[${texts.map(goJsonString).join(",")}]`;
}

/** The inverse of `membersJson`; throws a SyntaxError on anything else. */
export function parseMembers(text: string): readonly RemoteMember[] {
  const members = parseIdJson(text);
  if (!Array.isArray(members)) throw new SyntaxError("the answer is no list of members");
  return members.map((value: unknown) => {
    const member = record(value);
    const { id, name, isLearner } = member;
    if (typeof id !== "bigint" || id <= 0n) throw new SyntaxError("a member has no id");
    return {
      id,
      name: typeof name === "string" ? name : "",
      peerUrls: strings(member["peerURLs"]),
      clientUrls: strings(member["clientURLs"]),
      isLearner: isLearner === true,
    };
  });
}

/** Our release comes last, where etcd does not look. */
export function versionJson({ etcdserver, etcdcluster, storage, kvorum }: PeerVersion): string {
  return JSON.stringify({ etcdserver, etcdcluster, storage, ...(kvorum !== undefined && { kvorum }) });
}

/** The inverse of `versionJson`; throws a SyntaxError on anything else. */
export function parseVersion(text: string): PeerVersion {
  const { etcdserver, etcdcluster, storage, kvorum } = record(JSON.parse(text));
  if (typeof etcdserver !== "string") throw new SyntaxError("the answer is no version");
  return {
    etcdserver,
    etcdcluster: typeof etcdcluster === "string" ? etcdcluster : "not_decided",
    storage: typeof storage === "string" ? storage : "unknown",
    ...(typeof kvorum === "string" && { kvorum }),
  };
}

/** Zero fields are left out. */
export function hashKvJson({ revision, hash, compactRevision, hashRevision }: PeerHashKv): string {
  return JSON.stringify({
    header: revision === 0 ? {} : { revision },
    ...(hash !== 0 && { hash }),
    ...(compactRevision !== 0 && { compact_revision: compactRevision }),
    ...(hashRevision !== 0 && { hash_revision: hashRevision }),
  });
}

/** The inverse of `hashKvJson`; throws a SyntaxError on anything else. */
export function parseHashKv(text: string): PeerHashKv {
  const answer = record(JSON.parse(text));
  return {
    revision: counter(record(answer["header"] ?? {})["revision"]),
    hash: counter(answer["hash"]),
    compactRevision: counter(answer["compact_revision"]),
    hashRevision: counter(answer["hash_revision"]),
  };
}

/** The revision that a hash is asked for; 0: the current one. */
export function parseHashKvRequest(text: string): number {
  return counter(record(JSON.parse(text))["revision"]);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new SyntaxError("the JSON is no object");
  return value as Readonly<Record<string, unknown>>;
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function counter(value: unknown): number {
  if (value === undefined) return 0;
  if (!Number.isSafeInteger(value)) throw new SyntaxError("a counter is no whole number");
  return value as number;
}
