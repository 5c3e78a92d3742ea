/** The etcd release whose behaviour we have; clients choose features by it. */
export const ETCD_VERSION = "3.6.16";
/** The cluster version of that release: major and minor. */
export const ETCD_CLUSTER_VERSION = "3.6.0";
/** The schema of snapshots that we write, etcd's storage version. */
export const STORAGE_VERSION = "3.6.0";
/** Our own release. */
export const KVORUM_VERSION = "0.1.0";
