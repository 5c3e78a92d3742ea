import { unreachable } from "../base/assert.ts";
import { AlarmRequest_AlarmAction as AlarmAction, AlarmType } from "../proto/gen/rpc_pb.js";
import type {
  AlarmMember,
  AlarmRequest,
  CompactionRequest,
  LeaseCheckpointRequest,
  LeaseGrantRequest,
  LeaseRevokeRequest,
  TxnRequest,
} from "../proto/gen/rpc_pb.js";
import type { Event } from "../proto/gen/kv_pb.js";
import { ready } from "../mvcc/deferred.ts";
import type { Deferred } from "../mvcc/deferred.ts";
import { keyRange } from "../mvcc/key-range.ts";
import type { Mvcc } from "../mvcc/mvcc.ts";
import { revisionHeader } from "../mvcc/response-header.ts";
import type { RevisionKey } from "../mvcc/revision.ts";
import type { WriteTxn } from "../mvcc/write-txn.ts";
import type { Lessor } from "../lease/lessor.ts";
import type { AuthStore } from "../auth/auth-store.ts";
import type { Membership } from "../cluster/membership.ts";
import { alarmOf } from "./alarms.ts";
import type { Alarms } from "./alarms.ts";
import { NOTHING } from "./applier.ts";
import type { Applied, Apply, ApplyContext } from "./applier.ts";
import { applyAuth } from "./auth-operations.ts";
import { checkSinglePut, deleteRange, put } from "./kv-operations.ts";
import type { Operation } from "./operation.ts";
import type { Fact, ResponseMessage } from "./outcome.ts";
import { checkTxn, choosePath, executeTxn, withHeader } from "./txn.ts";

/** What operations change. */
export interface State {
  readonly auth: AuthStore;
  readonly mvcc: Mvcc;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly alarms: Alarms;
  /** The value of a record that was fetched before. */
  readonly valueOf: (revision: RevisionKey) => Uint8Array;
}

const EMPTY = new Uint8Array();

/** The end of the chain: does what the operation says. */
export function stateApplier(state: State): Apply {
  return (operation, context) => applyOperation(state, operation, context);
}

function applyOperation(state: State, operation: Operation, context: ApplyContext): Applied {
  const { mvcc, membership } = state;
  switch (operation.kind) {
    case "put": {
      checkSinglePut(mvcc, state, operation.request);
      return written(mvcc, (txn) => put(txn, state, operation.request));
    }
    case "range":
      return context.isWaiting ? answered(mvcc.planRange(operation.request)) : NOTHING;
    case "delete-range":
      return written(mvcc, (txn) => deleteRange(txn, operation.request));
    case "txn":
      return applyTxn(state, operation.request, context);
    case "compaction":
      return compact(mvcc, operation.request);
    case "lease-grant":
      return grant(state, operation.request, context);
    case "lease-revoke":
      return revoke(state, operation.request);
    case "lease-checkpoint":
      return checkpoint(state, operation.request, context);
    case "alarm":
      return applyAlarm(state, operation.request);
    case "cluster-version":
      return happened(membership.setClusterVersion(operation.request.ver));
    case "member-attributes": {
      const { memberID, memberAttributes } = operation.request;
      return happened(
        membership.setAttributes(memberID, memberAttributes?.name ?? "", memberAttributes?.clientUrls ?? []),
      );
    }
    case "downgrade-info": {
      const { enabled, ver } = operation.request;
      return happened(membership.setDowngrade({ isEnabled: enabled, targetVersion: enabled ? ver : "" }));
    }
    case "auth":
      return applyAuth(state.auth, operation.command, { revision: mvcc.currentRevision, index: context.index });
    case "none":
      return NOTHING;
    default:
      return unreachable(operation);
  }
}

/** Runs one transaction and commits it. `run` must have been checked: it cannot fail half-way. */
function written<T extends ResponseMessage>(mvcc: Mvcc, run: (txn: WriteTxn) => Deferred<T>): Applied {
  const txn = mvcc.beginWrite();
  const response = run(txn);
  mvcc.commit(txn);
  return { response, events: txn.events, facts: [], fault: undefined };
}

function applyTxn(state: State, request: TxnRequest, { isWaiting }: ApplyContext): Applied {
  const { mvcc, lessor, valueOf } = state;
  const source = { view: mvcc, valueOf, leaseOf: (key: string) => lessor.leaseOf(key) };
  const path = choosePath(source, request);
  checkTxn(mvcc, state, request, path);
  const context = { lessor, valueOf, skipsRanges: !isWaiting };
  return written(mvcc, (txn) => {
    const response = executeTxn(txn, context, request, path);
    return withHeader(response, txn.currentRevision);
  });
}

function compact(mvcc: Mvcc, { revision, physical }: CompactionRequest): Applied {
  const job = mvcc.scheduleCompaction(Number(revision));
  const fact: Fact = {
    kind: "compaction-scheduled",
    revision: job.revision,
    previousRevision: job.previousRevision,
    isPhysical: physical,
  };
  const header = revisionHeader(mvcc.currentRevision);
  return answered(ready(mvcc.currentRevision, { $typeName: "etcdserverpb.CompactionResponse", header }), [fact]);
}

function grant({ mvcc, lessor }: State, { ID, TTL }: LeaseGrantRequest, { nowMs }: ApplyContext): Applied {
  const { id, ttlSeconds } = lessor.grant(ID, Number(TTL), nowMs);
  const response = {
    $typeName: "etcdserverpb.LeaseGrantResponse",
    header: revisionHeader(mvcc.currentRevision),
    ID: id,
    TTL: BigInt(ttlSeconds),
    error: "",
  } as const;
  return answered(ready(mvcc.currentRevision, response), [{ kind: "lease-granted", id, ttlSeconds }]);
}

/** Deletes the attached keys in their order, in one revision, then the lease. */
function revoke({ mvcc, lessor }: State, { ID }: LeaseRevokeRequest): Applied {
  const txn = mvcc.beginWrite();
  for (const key of lessor.keysOf(ID)) txn.deleteRange(keyRange(key, EMPTY));
  mvcc.commit(txn);
  lessor.revoke(ID);
  const header = revisionHeader(mvcc.currentRevision);
  const response = ready(mvcc.currentRevision, { $typeName: "etcdserverpb.LeaseRevokeResponse", header } as const);
  const events: readonly Event[] = txn.events;
  return { response, events, facts: [{ kind: "lease-revoked", id: ID }], fault: undefined };
}

function checkpoint({ mvcc, lessor }: State, request: LeaseCheckpointRequest, { nowMs }: ApplyContext): Applied {
  for (const { ID, remainingTTL } of request.checkpoints) lessor.checkpoint(ID, Number(remainingTTL), nowMs);
  const header = revisionHeader(mvcc.currentRevision);
  return answered(ready(mvcc.currentRevision, { $typeName: "etcdserverpb.LeaseCheckpointResponse", header }));
}

function applyAlarm({ mvcc, alarms }: State, request: AlarmRequest): Applied {
  const alarm = alarmOf(request.memberID, request.alarm);
  const answer = (list: readonly AlarmMember[], facts: readonly Fact[] = []): Applied =>
    answered(ready(mvcc.currentRevision, { $typeName: "etcdserverpb.AlarmResponse", alarms: [...list] }), facts);
  switch (request.action) {
    case AlarmAction.GET:
      return answer(alarms.list(request.alarm));
    case AlarmAction.ACTIVATE:
      if (request.alarm === AlarmType.NONE) return answer([]);
      return answer([alarm], alarms.raise(alarm) ? [{ kind: "alarm-raised", alarm }] : []);
    case AlarmAction.DEACTIVATE:
      return alarms.clear(alarm) ? answer([alarm], [{ kind: "alarm-cleared", alarm }]) : answer([]);
    default:
      return NOTHING;
  }
}

function answered(response: Deferred<ResponseMessage>, facts: readonly Fact[] = []): Applied {
  return { response, events: [], facts, fault: undefined };
}

function happened(facts: readonly Fact[]): Applied {
  return { ...NOTHING, facts };
}
