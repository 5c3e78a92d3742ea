import { accepted, rejected } from "./parsed.ts";
import type { Parsed } from "./parsed.ts";

/** A URL to listen on or to be called under: a host and port, or a socket in the file system. */
export type ServerUrl = NetworkUrl | SocketUrl;

/** `http://host:port` or `https://host:port`; port 0 leaves the choice to the system. */
export interface NetworkUrl {
  readonly scheme: "http" | "https";
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  readonly text: string;
  /** Whether other processes may listen on it as well (SO_REUSEPORT). */
  readonly reusePort?: true;
}

/** `unix:///absolute/path`, or `unix://host:port`, which names the file `host:port` in the current folder. */
export interface SocketUrl {
  readonly scheme: "unix" | "unixs";
  readonly path: string;
  readonly text: string;
}

const URL_FORM = /^([a-zA-Z][a-zA-Z0-9+.-]*):(?:\/\/([^/?#]*))?([^?#]*)/;
const HOST_AND_PORT = /^(?:\[([^[\]]*)\]|([^:[\]]*)):(\d*)$/;
const PORT_MAX = 65_535;

/** Whether anything sent to this URL is encrypted. */
export function isTlsUrl(url: ServerUrl): boolean {
  return url.scheme === "https" || url.scheme === "unixs";
}

/** Reads comma-separated URLs, sorted and each once, as etcd keeps them. */
export function parseServerUrls(text: string): Parsed<readonly ServerUrl[]> {
  const byText = new Map<string, ServerUrl>();
  for (const part of text.split(",")) {
    const url = parseServerUrl(part.trim());
    if (!url.ok) return url;
    byText.set(url.value.text, url.value);
  }
  const sorted = [...byText.values()].toSorted((a, b) => (a.text < b.text ? -1 : 1));
  return accepted(Object.freeze(sorted));
}

/** Reads one URL of a scheme that etcd serves. */
export function parseServerUrl(text: string): Parsed<ServerUrl> {
  const [, scheme = "", authority = "", path = ""] = URL_FORM.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case "http":
    case "https":
      return parseNetworkUrl(text, scheme.toLowerCase() as "http" | "https", authority, path);
    case "unix":
    case "unixs":
      return accepted({ scheme: scheme.toLowerCase() as "unix" | "unixs", path: authority + path, text });
    default:
      return rejected(`URL scheme must be http, https, unix, or unixs: ${text}`);
  }
}

function parseNetworkUrl(
  text: string,
  scheme: NetworkUrl["scheme"],
  authority: string,
  path: string,
): Parsed<NetworkUrl> {
  const address = splitHostPort(authority);
  if (address === undefined) return rejected(`URL address does not have the form "host:port": ${text}`);
  if (address.port > PORT_MAX)
    return rejected(`parse ${JSON.stringify(text)}: invalid port ":${address.port}" after host`);
  if (path !== "") return rejected(`URL must not contain a path: ${text}`);
  return accepted({ scheme, ...address, text });
}

/** The host and port of `host:port` or `[v6]:port`; nothing where the text has not that form. */
export function splitHostPort(text: string): { host: string; port: number } | undefined {
  const match = HOST_AND_PORT.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain = "", port = ""] = match;
  return { host: bracketed ?? plain, port: Number(port) };
}

/** Whether the text is an IPv4 or IPv6 address, which needs no name service. */
export function isIpAddress(host: string): boolean {
  if (host.includes(":")) return /^[0-9a-fA-F:.]+$/.test(host) && URL.canParse(`http://[${host}]/`);
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}
