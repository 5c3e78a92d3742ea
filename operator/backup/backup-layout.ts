/**
 * Where a backup lies within its store: one folder a backup, below the life of the cluster that it is of. A cluster that
 * is made anew under an old name has another uid, so it never meets the backups of its predecessor.
 */
export interface BackupPlace {
  readonly namespace: string;
  readonly cluster: string;
  readonly clusterUid: string;
  readonly backup: string;
}

const SNAPSHOT = "snapshot.db";
const MANIFEST = "manifest.json";

/** `<namespace>/<cluster>/<cluster uid>/<backup>/snapshot.db`: what `etcdctl snapshot save` would have written. */
export function snapshotKey({ namespace, cluster, clusterUid, backup }: BackupPlace): string {
  return [namespace, cluster, clusterUid, backup, SNAPSHOT].join("/");
}

/** The inverse; undefined for any other key. */
export function placeOfSnapshotKey(key: string): BackupPlace | undefined {
  const [namespace = "", cluster = "", clusterUid = "", backup = "", file, ...more] = key.split("/");
  const isWhole = [namespace, cluster, clusterUid, backup].every((segment) => segment !== "");
  if (!isWhole || file !== SNAPSHOT || more.length > 0) return undefined;
  return { namespace, cluster, clusterUid, backup };
}

/** Where the manifest of a snapshot is: beside it. A file that somebody else put there has none. */
export function manifestKey(snapshot: string): string {
  return [...snapshot.split("/").slice(0, -1), MANIFEST].join("/");
}

/** What the keys of all backups of one cluster begin with. */
export function clusterPrefix({ namespace, cluster, clusterUid }: Omit<BackupPlace, "backup">): string {
  return `${namespace}/${cluster}/${clusterUid}/`;
}
