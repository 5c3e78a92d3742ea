/**
 * Whether one resource version is older than another. The API server promises that versions of one kind can be compared
 * as numbers (Kubernetes 1.35, KEP-5504; it was always so with etcd below). Versions that are none are never older.
 */
export function isOlder(version: string | undefined, than: string | undefined): boolean {
  if (!isNumber(version) || !isNumber(than)) return false;
  return version.length === than.length ? version < than : version.length < than.length;
}

function isNumber(version: string | undefined): version is string {
  return version !== undefined && /^[1-9]\d*$/.test(version);
}
