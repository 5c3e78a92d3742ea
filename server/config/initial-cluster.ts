import { accepted } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";
import { parseServerUrls } from "./server-url.ts";
import type { ServerUrl } from "./server-url.ts";

/** One of the first members of a cluster. */
export interface InitialMember {
  readonly name: string;
  /** Sorted: the member's id is a hash of them in this order. */
  readonly peerUrls: readonly ServerUrl[];
}

/** Reads `n=url,n=url2,m=url`: a name may come several times, once for each of its URLs. */
export function parseInitialCluster(text: string): Parsed<readonly InitialMember[]> {
  const urlsOf = new Map<string, string[]>();
  for (const pair of text.split(",").filter((part) => part !== "")) {
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const url = equals < 0 ? "" : pair.slice(equals + 1);
    urlsOf.set(name, [...(urlsOf.get(name) ?? []), url]);
  }
  const members: InitialMember[] = [];
  for (const [name, urls] of urlsOf) {
    const peerUrls = parseServerUrls(urls.join(","));
    if (!peerUrls.ok) return peerUrls;
    members.push(Object.freeze({ name, peerUrls: peerUrls.value }));
  }
  return accepted(Object.freeze(members));
}

/** The inverse, sorted: the form in which etcd shows a cluster. */
export function formatInitialCluster(members: readonly InitialMember[]): string {
  return members
    .flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url.text}`))
    .toSorted()
    .join(",");
}
