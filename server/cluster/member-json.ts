import { goJsonString, parseIdJson } from "../base/id-json.ts";
import type { NodeId } from "../base/ids.ts";
import type { DowngradeInfo, Member } from "./member.ts";

/** What the context of a configuration change says: a member, or that a known learner becomes a voter. */
export interface MemberContext {
  readonly member: Member;
  readonly isPromote: boolean;
}

interface MemberJson {
  readonly id?: bigint;
  readonly peerURLs?: readonly string[] | null;
  readonly isLearner?: boolean;
  readonly name?: string;
  readonly clientURLs?: readonly string[] | null;
  readonly replaces?: bigint;
  readonly isLeaving?: boolean;
  readonly isPromote?: boolean;
}

interface DowngradeJson {
  readonly "target-version"?: string;
  readonly enabled?: boolean;
}

/**
 * A member as etcd's encoding/json prints it: row value in bucket `members` and context of a change. Byte-equal,
 * because every bootstrapping member writes the same entries by itself. `replaces` and `isLeaving` are ours and come last.
 */
export function memberJson(member: Member): string {
  const { id, peerUrls, isLearner, name, clientUrls, replaces, isLeaving } = member;
  const fields = [`"id":${id}`, `"peerURLs":${list(peerUrls)}`];
  if (isLearner) fields.push(`"isLearner":true`);
  if (name !== "") fields.push(`"name":${goJsonString(name)}`);
  if (clientUrls.length > 0) fields.push(`"clientURLs":${list(clientUrls)}`);
  if (replaces !== undefined) fields.push(`"replaces":${replaces}`);
  if (isLeaving) fields.push(`"isLeaving":true`);
  return `{${fields.join(",")}}`;
}

/** The context by which etcd makes a learner a voter. */
export function promoteJson(id: NodeId): string {
  return `{"id":${id},"peerURLs":null,"isPromote":true}`;
}

/** Parses either of the two. */
export function parseMemberContext(text: string): MemberContext {
  const json = parseIdJson(text) as MemberJson;
  const member = {
    id: json.id ?? 0n,
    peerUrls: json.peerURLs ?? [],
    isLearner: json.isLearner ?? false,
    name: json.name ?? "",
    clientUrls: json.clientURLs ?? [],
    replaces: json.replaces,
    ...(json.isLeaving && { isLeaving: true as const }),
  };
  return { member, isPromote: json.isPromote ?? false };
}

/** Row `downgrade` of bucket `cluster`. */
export function downgradeJson({ targetVersion, isEnabled }: DowngradeInfo): string {
  return `{"target-version":${goJsonString(targetVersion)},"enabled":${isEnabled}}`;
}

/** The inverse of `downgradeJson`. */
export function parseDowngrade(text: string): DowngradeInfo {
  const json = parseIdJson(text) as DowngradeJson;
  return { targetVersion: json["target-version"] ?? "", isEnabled: json.enabled ?? false };
}

function list(texts: readonly string[]): string {
  return `[${texts.map(goJsonString).join(",")}]`;
}
