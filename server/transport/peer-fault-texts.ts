import { DomainError, type Fault } from "../base/domain-error.ts";

/** How outcomes stand in the bodies of the peer port: etcd's words, by which members recognise them. */
export const PEER_FAULT_TEXTS = {
  "lease-not-found": "lease not found",
  "not-primary-lessor": "not a primary lessor",
  "timeout-wait-applied": "waiting for node to catch up its applied index has timed out",
  "member-not-found": "membership: ID not found",
  "member-not-learner": "membership: can only promote a learner member",
  "learner-not-ready": "etcdserver: can only promote a learner member which is in sync with leader",
  timeout: "etcdserver: request timed out",
  compacted: "mvcc: required revision has been compacted",
  "future-revision": "mvcc: required revision is a future revision",
  "cluster-id-mismatch": "cluster ID mismatch",
} as const satisfies Partial<Record<Fault, string>>;

/** The text of a fault; one that etcd has no words for goes by its name. */
export function peerFaultText({ fault }: DomainError): string {
  return (PEER_FAULT_TEXTS as Partial<Record<Fault, string>>)[fault] ?? fault;
}

/** The first of the faults whose text stands in the body of an answer. */
export function faultIn(body: string, faults: readonly (keyof typeof PEER_FAULT_TEXTS)[]): DomainError | undefined {
  const fault = faults.find((candidate) => body.includes(PEER_FAULT_TEXTS[candidate]));
  return fault && new DomainError(fault);
}
