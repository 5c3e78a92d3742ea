/** A version of TLS as Node names it. */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

const VERSIONS: Readonly<Record<string, TlsVersion>> = { "TLS1.2": "TLSv1.2", "TLS1.3": "TLSv1.3" };

/** The version behind etcd's name for it; undefined: etcd has no such version, or the name is empty. */
export function tlsVersion(name: string): TlsVersion | undefined {
  return Object.hasOwn(VERSIONS, name) ? VERSIONS[name] : undefined;
}
