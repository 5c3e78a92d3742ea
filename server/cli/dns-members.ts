import type { ServerUrl } from "../config/server-url.ts";
import type { Logger } from "../ports/logger.ts";

/** What is asked of the domain name system. */
export interface NameResolver {
  /** The records of `_service._tcp.domain`. */
  srv(name: string): Promise<readonly { readonly name: string; readonly port: number }[]>;
  /** One address of a host. */
  address(host: string): Promise<string>;
}

/** Whose SRV records are asked for, and by whom. */
export interface DnsQuestion {
  readonly domain: string;
  readonly serviceName: string | undefined;
  /** This member's name and the peer URLs that it advertises: a record with the same address is its own. */
  readonly selfName: string;
  readonly advertised: readonly ServerUrl[];
  readonly resolver: NameResolver;
  readonly logger: Logger;
}

/** The two services of etcd's members, whose records are put together. */
const SERVICES = [
  { scheme: "https", service: "etcd-server-ssl" },
  { scheme: "http", service: "etcd-server" },
] as const;

/**
 * The founding members in the form of `--initial-cluster`, from SRV records (etcd's srv.GetCluster). The others have
 * numbers for names, as records have none; a member's id does not depend on it. Rejects where this member is not there.
 */
export async function dnsMembers(question: DnsQuestion): Promise<string> {
  const { domain, serviceName, selfName, logger } = question;
  const suffix = serviceName === undefined ? "" : `-${serviceName}`;
  const found: string[] = [];
  const flaws: string[] = [];
  for (const { scheme, service } of SERVICES) {
    const name = service + suffix;
    const { members, flaw } = await membersOf(question, scheme, name);
    found.push(...members);
    if (flaw !== undefined) flaws.push(`error querying DNS SRV records for _${name} ${flaw}`);
    logger.info(`get cluster for ${service} SRV`, {
      "service-scheme": scheme,
      "service-name": name,
      "discovery-srv": domain,
      "found-cluster": members,
      ...(flaw !== undefined && { error: flaw }),
    });
  }
  if (found.length === 0) throw new Error(flaws.join("\n"));
  for (const node of found) logger.info("got bootstrap from DNS for etcd-server", { node });
  if (found.some((member) => member.startsWith(`${selfName}=`))) return found.join(",");
  throw new Error(
    `cannot find local etcd member ${JSON.stringify(selfName)} in SRV records: ` +
      "one of them has to lead to a URL of --initial-advertise-peer-urls",
  );
}

interface Found {
  readonly members: readonly string[];
  /** Why there are none. */
  readonly flaw: string | undefined;
}

async function membersOf(question: DnsQuestion, scheme: "http" | "https", service: string): Promise<Found> {
  const { domain, selfName, resolver } = question;
  const members: string[] = [];
  let flaw: string | undefined;
  try {
    const own = await ownPlaces(question);
    let next = 0;
    for (const { name: target, port } of await resolver.srv(`_${service}._tcp.${domain}`)) {
      const host = target.replace(/\.$/, "");
      const place = await placeOf(resolver, host, port).catch((error: unknown) => {
        flaw = (error as Error).message;
      });
      if (place === undefined) continue;
      const ownUrl = own.get(place);
      const name = ownUrl ? selfName : String(next++);
      const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${String(port)}`;
      if (ownUrl === undefined || ownUrl.scheme === scheme) members.push(`${name}=${url}`);
      else {
        flaw = `bootstrap at ${url} from DNS for ${service} has scheme mismatch with expected peer ${ownUrl.text}`;
      }
    }
  } catch (error) {
    flaw = (error as Error).message;
  }
  return { members, flaw: members.length > 0 ? undefined : (flaw ?? "there are none") };
}

async function ownPlaces({ advertised, resolver }: DnsQuestion): Promise<ReadonlyMap<string, ServerUrl>> {
  const places = new Map<string, ServerUrl>();
  for (const url of advertised) if ("host" in url) places.set(await placeOf(resolver, url.host, url.port), url);
  return places;
}

async function placeOf(resolver: NameResolver, host: string, port: number): Promise<string> {
  return `${await resolver.address(host)}:${String(port)}`;
}
