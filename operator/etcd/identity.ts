import type { HexId } from "../types/hex-id.ts";
import { peerRequest, type PeerRequest } from "./peer-request.ts";
import type { SignedPermit } from "./permit.ts";

const TIMEOUT_MS = 3000;

const PHASES = ["Waiting", "Starting", "Running"] as const;
const VOLUMES = ["Empty", "Granted", "Owned", "Lost", "Foreign"] as const;

/** What a pod's process says of itself and of its volume, also while it waits for leave to start. */
export interface Identity {
  readonly podName: string;
  readonly podUid: string;
  readonly clusterUid: string;
  readonly phase: (typeof PHASES)[number];
  readonly volume: (typeof VOLUMES)[number];
  readonly memberId?: HexId;
  readonly etcdClusterId?: HexId;
  readonly message?: string;
}

/** What asking a pod gave. `Unreachable` also stands for an answer that no member of Kvorum gives. */
export type IdentityAnswer =
  | { readonly kind: "Identity"; readonly identity: Identity }
  | { readonly kind: "Unreachable"; readonly message: string };

/** Asks a pod who it is; `peerUrl` is its peer port by address, such as `http://10.0.0.7:2380`. */
export async function askIdentity(peerUrl: string, ask: PeerRequest = peerRequest): Promise<IdentityAnswer> {
  const url = `${peerUrl}/kvorum/v1/identity`;
  try {
    const { status, text } = await ask(url, { timeoutMs: TIMEOUT_MS });
    if (!isSuccess(status)) return unreachable(url, statusText(status));
    const identity = parseIdentity(text);
    return identity ? { kind: "Identity", identity } : unreachable(url, "the answer is no identity");
  } catch (error) {
    return unreachable(url, reasonOf(error));
  }
}

/** What became of a permit. After `Unreachable` it may have arrived all the same: ask for the identity. */
export type PermitAnswer =
  | { readonly kind: "Taken" }
  | { readonly kind: "Refused"; readonly message: string }
  | { readonly kind: "Unreachable"; readonly message: string };

/** Hands a pod its permit. */
export async function sendPermit(
  peerUrl: string,
  permit: SignedPermit,
  ask: PeerRequest = peerRequest,
): Promise<PermitAnswer> {
  const url = `${peerUrl}/kvorum/v1/permit`;
  try {
    const { status, text } = await ask(url, { body: JSON.stringify(permit), timeoutMs: TIMEOUT_MS });
    if (isSuccess(status)) return { kind: "Taken" };
    if (status >= 500) return unreachable(url, statusText(status));
    return { kind: "Refused", message: refusalOf(text) ?? statusText(status) };
  } catch (error) {
    return unreachable(url, reasonOf(error));
  }
}

function unreachable(url: string, reason: string): { readonly kind: "Unreachable"; readonly message: string } {
  return { kind: "Unreachable", message: `${url}: ${reason}` };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function statusText(status: number): string {
  return status >= 300 && status < 400 ? `a redirect, status ${String(status)}` : `status ${String(status)}`;
}

function parseIdentity(text: string): Identity | undefined {
  const { podName, podUid, clusterUid, phase, volume, memberId, etcdClusterId, message } = record(text);
  const isWhole = [podName, podUid, clusterUid].every((field) => typeof field === "string");
  if (!isWhole || !isOneOf(PHASES, phase) || !isOneOf(VOLUMES, volume)) return undefined;
  return {
    podName: String(podName),
    podUid: String(podUid),
    clusterUid: String(clusterUid),
    phase,
    volume,
    ...(typeof memberId === "string" && { memberId }),
    ...(typeof etcdClusterId === "string" && { etcdClusterId }),
    ...(typeof message === "string" && { message }),
  };
}

function refusalOf(text: string): string | undefined {
  const { error } = record(text);
  return typeof error === "string" ? error : undefined;
}

function record(text: string): Readonly<Partial<Record<keyof Identity | "error", unknown>>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isOneOf<T extends string>(values: readonly T[], value: unknown): value is T {
  return values.some((known) => known === value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
