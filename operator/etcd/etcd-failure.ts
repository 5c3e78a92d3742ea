import { Code, RpcError } from "../../server/client/client.ts";

/**
 * Why a cluster did not do what it was asked. `Unreachable`: nobody answered, and nothing was changed. `NoQuorum`: somebody
 * answered, but the members could not agree in time; a change may still happen. `TimedOut`: the same without any answer.
 * `NotLeader`: another member has to be asked. `Refused`: it would put the cluster at risk now. `Conflict`: something else
 * is in its place. `NotFound`: what it is about is not there. `Unsupported`: this release cannot. `Broken`: the data are
 * corrupt or the space is used up. `Unexpected`: whatever nobody thought of.
 */
export type EtcdFailureKind =
  | "Unreachable"
  | "NoQuorum"
  | "TimedOut"
  | "NotLeader"
  | "Refused"
  | "Conflict"
  | "NotFound"
  | "Unsupported"
  | "Broken"
  | "Unexpected";

/** One failure: its kind for programs, a sentence for a condition. */
export interface EtcdFailure {
  readonly kind: EtcdFailureKind;
  readonly message: string;
}

/** What came of a call; whoever calls has to look at both sides. */
export type EtcdResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: EtcdFailure };

/** The result of something that went well. */
export function succeeded<T>(value: T): EtcdResult<T> {
  return { ok: true, value };
}

/** The result of something that did not. */
export function failed(kind: EtcdFailureKind, message: string): { readonly ok: false; readonly failure: EtcdFailure } {
  return { ok: false, failure: { kind, message } };
}

/** Makes a result of a call: failures of the wire become values, bugs stay exceptions. `doing` begins the sentence. */
export async function resultOf<T>(doing: string, call: Promise<T>): Promise<EtcdResult<T>> {
  try {
    return succeeded(await call);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return failed(failureKind(error), `${doing}: ${error.message.replace(/^etcdserver: /, "")}`);
  }
}

/** etcd's texts, which its clients compare, so that they do not change (rpctypes of etcd 3.6). */
const KIND_OF_TEXT: readonly (readonly [text: string, kind: EtcdFailureKind])[] = [
  ["unhealthy cluster", "Refused"],
  ["not enough started members", "Refused"],
  ["rpc not supported for learner", "Refused"],
  ["in sync with leader", "Refused"],
  ["bad leader transferee", "Refused"],
  ["too many learner members", "Conflict"],
  ["Peer URLs already exists", "Conflict"],
  ["member ID already exist", "Conflict"],
  ["can only promote a learner", "Conflict"],
  ["not leader", "NotLeader"],
  ["leader changed", "NotLeader"],
  ["no leader", "NoQuorum"],
  ["request timed out", "NoQuorum"],
  ["too many requests", "NoQuorum"],
  ["not capable", "Unsupported"],
];

const KIND_OF_CODE: Readonly<Partial<Record<Code, EtcdFailureKind>>> = {
  [Code.UNAVAILABLE]: "Unreachable",
  [Code.DEADLINE_EXCEEDED]: "TimedOut",
  [Code.CANCELED]: "TimedOut",
  [Code.NOT_FOUND]: "NotFound",
  [Code.UNIMPLEMENTED]: "Unsupported",
  [Code.DATA_LOSS]: "Broken",
  [Code.RESOURCE_EXHAUSTED]: "Broken",
};

function failureKind({ code, message }: RpcError): EtcdFailureKind {
  const byText = KIND_OF_TEXT.find(([text]) => message.includes(text));
  return byText?.[1] ?? KIND_OF_CODE[code] ?? "Unexpected";
}
