/** Where a listener binds: a port of an address, or a socket in the file system. */
export type ListenTarget =
  { readonly host: string; readonly port: number; readonly reusePort?: boolean } | { readonly path: string };

/** The target of a listen URL. `localhost` means the IPv4 loopback, as Go prefers it; no host means every address. */
export function listenTarget(
  url: { readonly host: string; readonly port: number; readonly reusePort?: true } | { readonly path: string },
): ListenTarget {
  if ("path" in url) return { path: url.path };
  const host = url.host === "localhost" ? "127.0.0.1" : url.host === "" ? "::" : url.host;
  return { host, port: url.port, reusePort: url.reusePort ?? false };
}
