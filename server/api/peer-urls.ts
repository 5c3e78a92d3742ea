import { DomainError } from "../base/domain-error.ts";

const SCHEMES = new Set(["http:", "https:", "unix:", "unixs:"]);

/** A name, or an address that has brackets if it has colons; then a port. */
const HOST_AND_PORT = /^(?:\[[\da-fA-F:.%\w]+\]|[^\s:[\]<>"%]*):\d+$/;

/** Refuses peer URLs that etcd's types.NewURLs refuses: none at all, another scheme, no port, a path. */
export function checkPeerUrls(urls: readonly string[]): void {
  if (urls.length === 0 || !urls.every(isPeerUrl)) throw new DomainError("member-bad-urls");
}

function isPeerUrl(text: string): boolean {
  const match = /^([a-z]+:)\/\/([^/?#]+)(.*)$/.exec(text);
  if (!match) return false;
  const [, scheme = "", authority = "", rest = ""] = match;
  if (!SCHEMES.has(scheme) || rest !== "") return false;
  return scheme.startsWith("unix") || HOST_AND_PORT.test(authority);
}
