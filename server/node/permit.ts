import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import type { InitialMember } from "./bootstrap.ts";

/** What a permit allows: to found a cluster, to join one as a learner that was added, to found one from restored data. */
export type PermitMode = "New" | "Join" | "Restore";

/**
 * The operator's leave to start a member on a volume that holds none yet, for one pod and one time (design decision 9).
 * Its JSON is what the operator signs and what the volume's owner file keeps.
 */
export type Permit = PermitOf<"New"> | PermitOf<"Restore"> | JoinPermit;

/** A permit that says which member of which cluster this is to be. */
export interface JoinPermit extends PermitOf<"Join"> {
  readonly memberId: NodeId;
  readonly etcdClusterId: ClusterId;
}

interface PermitOf<Mode extends PermitMode> {
  readonly mode: Mode;
  readonly clusterUid: string;
  readonly podName: string;
  readonly podUid: string;
  readonly initialCluster: readonly InitialMember[];
  readonly token: string;
  /** RFC 3339; tells two permits apart that say the same. */
  readonly issuedAt: string;
}

/** A permit as it travels: both fields in base64, the signature over the bytes of the payload. */
export interface SignedPermit {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads the envelope; throws a SyntaxError that says what is wrong with it. */
export function parseSignedPermit(text: string): SignedPermit {
  const envelope = record(parseJson(text, "the body"), "the body");
  return {
    payload: Buffer.from(nonEmpty(envelope, "payload"), "base64"),
    signature: Buffer.from(nonEmpty(envelope, "signature"), "base64"),
  };
}

/** Reads the payload; throws a SyntaxError that says what is wrong with it. */
export function parsePermit(text: string): Permit {
  return permitFrom(parseJson(text, "the permit"));
}

/** The permit that a JSON value holds; throws a SyntaxError that says what is wrong with it. */
export function permitFrom(value: unknown): Permit {
  const permit = record(value, "the permit");
  const common = {
    clusterUid: nonEmpty(permit, "clusterUid"),
    podName: nonEmpty(permit, "podName"),
    podUid: nonEmpty(permit, "podUid"),
    initialCluster: initialMembers(permit["initialCluster"]),
    token: nonEmpty(permit, "token"),
    issuedAt: instant(permit, "issuedAt"),
  };
  const mode = permit["mode"];
  switch (mode) {
    case "New":
    case "Restore":
      return { ...common, mode };
    case "Join":
      return {
        ...common,
        mode,
        memberId: parseHexId(permit, "memberId"),
        etcdClusterId: parseHexId(permit, "etcdClusterId"),
      };
    default:
      throw new SyntaxError(`the permit's mode is ${JSON.stringify(mode)}: it has to be New, Join or Restore`);
  }
}

/** The inverse of `permitFrom`, fields in a fixed order. */
export function permitJson(permit: Permit): Readonly<Record<string, unknown>> {
  const { clusterUid, podName, podUid, mode, initialCluster, token, issuedAt } = permit;
  return {
    clusterUid,
    podName,
    podUid,
    mode,
    ...(permit.mode === "Join" && { memberId: hexId(permit.memberId), etcdClusterId: hexId(permit.etcdClusterId) }),
    initialCluster: initialCluster.map(({ name, peerUrls }) => ({ name, peerUrls: [...peerUrls] })),
    token,
    issuedAt,
  };
}

/** Whether two permits are one and the same. */
export function isSamePermit(a: Permit, b: Permit): boolean {
  return JSON.stringify(permitJson(a)) === JSON.stringify(permitJson(b));
}

/** A 64-bit id in a field of a JSON object: lower-case hex without 0x, as everywhere outside gRPC. */
export function parseHexId(of: Readonly<Record<string, unknown>>, field: string): bigint {
  const text = of[field];
  if (typeof text === "string" && /^[0-9a-f]{1,16}$/.test(text) && !/^0+$/.test(text)) return BigInt(`0x${text}`);
  throw new SyntaxError(`${field} is ${JSON.stringify(text)}: it has to be a 64-bit id in lower-case hex`);
}

function initialMembers(value: unknown): readonly InitialMember[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new SyntaxError("initialCluster has to be a list of members with name and peerUrls");
  }
  return value.map((entry: unknown) => {
    const { name, peerUrls } = record(entry, "a member of initialCluster");
    if (typeof name !== "string" || !Array.isArray(peerUrls) || peerUrls.length === 0 || !peerUrls.every(isText)) {
      throw new SyntaxError("a member of initialCluster has to have a name and a list of peerUrls");
    }
    return { name, peerUrls };
  });
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function instant(of: Readonly<Record<string, unknown>>, field: string): string {
  const text = nonEmpty(of, field);
  if (Number.isNaN(Date.parse(text))) throw new SyntaxError(`${field} is ${JSON.stringify(text)}: it has to be a time`);
  return text;
}

function nonEmpty(of: Readonly<Record<string, unknown>>, field: string): string {
  const text = of[field];
  if (isText(text)) return text;
  throw new SyntaxError(`${field} is missing, or is no text`);
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new SyntaxError(`${what} is no JSON object`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`${what} is not JSON`);
  }
}
