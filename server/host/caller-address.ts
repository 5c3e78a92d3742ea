import type { X509Certificate } from "node:crypto";
import { lookup, reverse } from "node:dns/promises";

/** The two questions to the name service, so that a test can answer them. */
export interface NameService {
  /** The names of an address. */
  readonly namesOf: (address: string) => Promise<readonly string[]>;
  /** The addresses of a name. */
  readonly addressesOf: (name: string) => Promise<readonly string[]>;
}

/** The machine's name service. */
export const systemNames: NameService = {
  namesOf: reverse,
  addressesOf: async (name) => (await lookup(name, { all: true })).map(({ address }) => address),
};

/**
 * Why a certificate does not belong to whoever calls from this address; undefined: it does, or it names no host at all.
 * A member's key that was stolen is so of no use from elsewhere (etcd's client/pkg/transport: checkCertSAN).
 */
export async function callerRefusal(
  certificate: X509Certificate,
  address: string,
  names: NameService = systemNames,
): Promise<string | undefined> {
  const { addresses, hosts } = alternativeNames(certificate);
  if (addresses.length > 0) {
    if (certificate.checkIP(address) !== undefined) return undefined;
    if (hosts.length === 0) return `x509: certificate is valid for ${addresses.join(", ")}, not ${address}`;
  }
  if (hosts.length === 0 || (await isNamed(address, hosts, names))) return undefined;
  const list = hosts.map((host) => JSON.stringify(host)).join(" ");
  return `tls: ${JSON.stringify(address)} does not match any of DNSNames [${list}]`;
}

async function isNamed(address: string, hosts: readonly string[], names: NameService): Promise<boolean> {
  const plain = hosts.filter((host) => !host.startsWith("*."));
  const suffixes = hosts.filter((host) => host.startsWith("*.")).map((host) => host.slice(1));
  const found = (await orNone(names.namesOf(address))).map((name) => name.replace(/\.$/, ""));
  if (found.some((name) => plain.includes(name) || suffixes.some((suffix) => name.endsWith(suffix)))) return true;
  const addresses = await Promise.all(plain.map((host) => orNone(names.addressesOf(host))));
  return addresses.flat().includes(address);
}

/** A name that cannot be looked up has no addresses, and the other way round: the caller is refused in words of its own. */
async function orNone(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  return answer.catch(() => []);
}

function alternativeNames({ subjectAltName = "" }: X509Certificate): {
  readonly addresses: readonly string[];
  readonly hosts: readonly string[];
} {
  const entries = subjectAltName.split(", ");
  const of = (kind: string): readonly string[] =>
    entries.filter((entry) => entry.startsWith(kind)).map((entry) => entry.slice(kind.length));
  return { addresses: of("IP Address:"), hosts: of("DNS:") };
}
