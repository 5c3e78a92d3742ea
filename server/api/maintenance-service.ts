import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { DomainError } from "../base/domain-error.ts";
import { hexId } from "../base/ids.ts";
import { ETCD_VERSION } from "../base/versions.ts";
import { DEFAULT_QUOTA_BYTES } from "../node/node-options.ts";
import type { Node } from "../node/node.ts";
import {
  AlarmRequest_AlarmAction as AlarmAction,
  AlarmResponseSchema,
  AlarmType,
  DefragmentResponseSchema,
  HashKVResponseSchema,
  HashResponseSchema,
  MoveLeaderResponseSchema,
  StatusResponseSchema,
  type AlarmRequest,
  type AlarmResponse,
  type Maintenance,
  type SnapshotRequest,
  type SnapshotResponse,
  type StatusResponse,
} from "../proto/gen/rpc_pb.js";
import type { CallContext, Implementation, StreamCall } from "../rpc/service.ts";
import type { Access } from "./access.ts";
import { downgrade } from "./downgrade.ts";
import { headerOf } from "./header.ts";
import type { Serving } from "./serving.ts";
import { refuseOnLearner } from "./kv-service.ts";
import { write } from "./write.ts";

/** etcd's snapshotSendBufferSize. */
const SNAPSHOT_CHUNK_BYTES = 32 * 1024;

/** The Maintenance service. If `away` is given, clients are sent away while the member defragments. */
export function maintenanceService(
  node: Node,
  access: Access,
  away: Serving | undefined,
): Implementation<typeof Maintenance> {
  return {
    alarm: (request, call) => alarm(node, access, request, call),
    async status(_request, call) {
      await access.requireCaller(call);
      return status(node);
    },
    async defragment(_request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      await (away ? away.awayDuring(() => node.defragment()) : node.defragment());
      return create(DefragmentResponseSchema);
    },
    async hash(_request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      return create(HashResponseSchema, { hash: await node.hash(), header: headerOf(node) });
    },
    async hashKV(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      const { hash, revision, compactRevision } = await node.hashKv(Number(request.revision));
      return create(HashKVResponseSchema, {
        header: headerOf(node),
        hash,
        compactRevision: BigInt(compactRevision),
        hashRevision: BigInt(revision),
      });
    },
    async snapshot(call) {
      await access.requireAdmin(call);
      await snapshot(node, call);
    },
    async moveLeader(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      await node.transferLeader(request.targetID);
      return create(MoveLeaderResponseSchema);
    },
    async downgrade(request, call) {
      refuseOnLearner(node);
      await access.requireAdmin(call);
      return downgrade(node, request);
    },
  };
}

/** Looking is for everybody who is somebody, raising and disarming for root. */
async function alarm(node: Node, access: Access, request: AlarmRequest, call: CallContext): Promise<AlarmResponse> {
  refuseOnLearner(node);
  if (request.action !== AlarmAction.GET) {
    await access.requireAdmin(call);
    return write<AlarmResponse>(node, access, call, { alarm: request });
  }
  await access.requireCaller(call);
  const all = node.machine.alarms.list(request.alarm);
  const alarms = all.filter(({ memberID }) => request.memberID === 0n || memberID === request.memberID);
  return create(AlarmResponseSchema, { header: headerOf(node), alarms });
}

function status(node: Node): StatusResponse {
  const { machine, raftStatus, config } = node;
  const { alarms, sizes, membership } = machine;
  const errors = raftStatus.leader === 0n ? ["etcdserver: no leader"] : [];
  for (const { memberID, alarm: type } of alarms.list(AlarmType.NONE)) {
    // The text of Go's gogo printer, with its space at the end.
    errors.push(`memberID:${String(memberID)} alarm:${AlarmType[type]} `);
  }
  return create(StatusResponseSchema, {
    header: headerOf(node),
    version: ETCD_VERSION,
    dbSize: BigInt(sizes.dbSize),
    dbSizeInUse: BigInt(sizes.dbSizeInUse),
    leader: raftStatus.leader,
    raftIndex: BigInt(raftStatus.commitIndex),
    raftTerm: BigInt(raftStatus.term),
    raftAppliedIndex: BigInt(raftStatus.appliedIndex),
    errors,
    isLearner: node.isLearner,
    storageVersion: machine.storageVersion.detected ?? "",
    dbSizeQuota: BigInt(config.quotaBytes === 0 ? DEFAULT_QUOTA_BYTES : config.quotaBytes),
    downgradeInfo: {
      enabled: membership.downgrade.isEnabled,
      targetVersion: membership.downgrade.targetVersion,
    },
  });
}

/** The database in chunks, then its SHA-256 as a message of its own. */
async function snapshot(node: Node, call: StreamCall<SnapshotRequest, SnapshotResponse>): Promise<void> {
  const startMs = node.clock.monotonicMs();
  // Before the snapshot is taken, as etcd reads it.
  const version = node.machine.storageVersion.row ?? "";
  const taken = await node.takeSnapshot();
  try {
    const hash = createHash("sha256");
    let remaining = taken.sizeBytes;
    // `send` encodes at once, so that the piece may be used again.
    const send = async (blob: Uint8Array): Promise<void> => {
      const message = { blob, remainingBytes: BigInt(remaining), version };
      if (!call.send({ $typeName: "etcdserverpb.SnapshotResponse", ...message })) await call.drained();
    };
    for await (const piece of taken.read()) {
      hash.update(piece);
      for (let from = 0; from < piece.length; from += SNAPSHOT_CHUNK_BYTES) {
        if (call.isCancelled) throw new DomainError("canceled");
        const blob = piece.subarray(from, from + SNAPSHOT_CHUNK_BYTES);
        remaining -= blob.length;
        await send(blob);
      }
    }
    await send(hash.digest());
    node.logger.info("successfully sent database snapshot to client", {
      "total-bytes": taken.sizeBytes,
      "local-member-id": hexId(node.selfId),
      "storage-version": version,
      took: `${(node.clock.monotonicMs() - startMs).toFixed(1)}ms`,
    });
  } finally {
    await taken.release();
  }
}
