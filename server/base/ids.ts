/** Identifies a raft member; 64 unsigned bits, 0 means "none". The same number is etcd's member id. */
export type NodeId = bigint;
/** Identifies a cluster; 64 unsigned bits. */
export type ClusterId = bigint;
/** Identifies a lease; etcd's signed int64, negative values are legal, 0 means "no lease". */
export type LeaseId = bigint;
/** A position in the raft log, from 1; 0 means "before the first entry". */
export type Index = number;
/** A raft term, from 1; 0 means "before the first election". */
export type Term = number;
/** The main part of a key-value revision: one per transaction that changes something. */
export type Revision = number;

/** The member id that stands for "nobody": no vote given, no leader known. */
export const NO_NODE: NodeId = 0n;

/** Lower-case hexadecimal without padding, etcd's way of writing an id in headers, paths and logs. */
export function hexId(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
