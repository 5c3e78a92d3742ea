import { hexId } from "../base/ids.ts";
import type { MemberIdentity } from "./bootstrap.ts";
import { parseHexId, permitFrom, permitJson, type Permit } from "./permit.ts";

/** What we write; a higher number means that a newer release wrote it. */
const FORMAT_VERSION = 1;

/** A permit was taken, and nobody has heard of the member yet: a new permit may take its place. */
export interface GrantedOwner {
  readonly state: "granted";
  readonly permit: Permit;
  /** The member that ran in this volume until its log was lost: the volume takes part as another one, or not at all. */
  readonly before?: MemberIdentity | undefined;
}

/** The member's log is on disk and others may have heard of it: it goes on without a permit, or is lost. */
export interface StartedOwner {
  readonly state: "started";
  readonly permit: Permit;
  readonly member: MemberIdentity;
}

/** Whose a volume is, beside the member's data: who may use them, and whether they have ever counted. */
export type OwnerFile = GrantedOwner | StartedOwner;

/** The text of the file: JSON, for people too. */
export function formatOwnerFile(owner: OwnerFile): string {
  const { state, permit } = owner;
  const who =
    owner.state === "started" ? memberJson(owner.member) : owner.before && { before: memberJson(owner.before) };
  return `${JSON.stringify({ format: FORMAT_VERSION, state, ...who, permit: permitJson(permit) }, undefined, 2)}\n`;
}

/** The inverse; throws a SyntaxError that says what is wrong with the file. */
export function parseOwnerFile(text: string): OwnerFile {
  const file = object(JSON.parse(text), "it");
  const { format, state } = file;
  if (typeof format !== "number") throw new SyntaxError("it names no format");
  if (format > FORMAT_VERSION) {
    throw new SyntaxError(
      `it has format ${String(format)}, written by a newer release; this one knows ${String(FORMAT_VERSION)}`,
    );
  }
  const permit = permitFrom(file["permit"]);
  const { before } = file;
  if (state === "granted") {
    return { state, permit, ...(before !== undefined && { before: memberFrom(object(before, "before")) }) };
  }
  if (state !== "started") throw new SyntaxError(`its state is ${JSON.stringify(state)}`);
  return { state, permit, member: memberFrom(file) };
}

function memberJson({ selfId, clusterId }: MemberIdentity): Readonly<Record<string, string>> {
  return { memberId: hexId(selfId), etcdClusterId: hexId(clusterId) };
}

function memberFrom(of: Readonly<Record<string, unknown>>): MemberIdentity {
  return { selfId: parseHexId(of, "memberId"), clusterId: parseHexId(of, "etcdClusterId") };
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new SyntaxError(`${what} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}
