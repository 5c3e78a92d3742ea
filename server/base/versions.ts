/** The etcd release whose behaviour we have; clients choose features by it. */
export const ETCD_VERSION = "3.6.16";
/** The cluster version of that release, and the storage version that it works with: major and minor. */
export const ETCD_CLUSTER_VERSION = "3.6.0";
/** Our own release. */
export const KVORUM_VERSION = "0.1.0";
