import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { DetailedPeerCertificate, PeerCertificate, TLSSocket } from "node:tls";
import { callerRefusal } from "./caller-address.ts";
import { RevocationList } from "./revocation-list.ts";

/** What a certificate has to fulfil beyond being vouched for; names follow etcd's flags. */
export interface CertificateRules {
  readonly allowedCommonNames?: readonly string[] | undefined;
  readonly allowedHostnames?: readonly string[] | undefined;
  readonly crlFile?: string | undefined;
  /** Whether a caller's certificate has to fit the address that it calls from. */
  readonly checksCallerAddress?: boolean | undefined;
}

/** Why a caller is refused, asked after the handshake; undefined: it is not. Whoever shows no certificate is judged elsewhere. */
export function callerCheck(rules: CertificateRules): (socket: TLSSocket) => Promise<string | undefined> {
  const revocations = rules.crlFile === undefined ? undefined : new RevocationList(rules.crlFile);
  return async (socket) => {
    const shown: Partial<DetailedPeerCertificate> = socket.getPeerCertificate(true);
    if (shown.raw === undefined) return undefined;
    const refusal = nameRefusal(shown as PeerCertificate, rules) ?? revocations?.refusalOf(serialsOf(shown));
    if (refusal !== undefined || !rules.checksCallerAddress || socket.remoteAddress === undefined) return refusal;
    return callerRefusal(new X509Certificate(shown.raw), socket.remoteAddress.replace(/^::ffff:/, ""));
  };
}

/** Why the other side's certificate is refused for whom it names; undefined: it is not. */
export function nameRefusal(
  certificate: PeerCertificate,
  { allowedCommonNames = [], allowedHostnames = [] }: CertificateRules,
): string | undefined {
  if (allowedCommonNames.length === 0 && allowedHostnames.length === 0) return undefined;
  const isAllowed =
    allowedCommonNames.length > 0
      ? [commonNameOf(certificate)].flat().some((name) => allowedCommonNames.includes(name))
      : allowedHostnames.some((host) => namesHost(new X509Certificate(certificate.raw), host));
  return isAllowed ? undefined : "client certificate authentication failed";
}

function commonNameOf({ subject }: PeerCertificate): string | string[] {
  return (subject as Partial<PeerCertificate["subject"]>).CN ?? [];
}

function namesHost(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined;
  return certificate.checkHost(host, { subject: "never", partialWildcards: false }) !== undefined;
}

/** Of the certificate and of those between it and the authority. */
function serialsOf(leaf: Partial<DetailedPeerCertificate>): readonly string[] {
  const serials = [leaf.serialNumber ?? ""];
  let last = leaf;
  for (;;) {
    const issuer: Partial<DetailedPeerCertificate> | undefined = last.issuerCertificate;
    // An authority is its own issuer.
    if (issuer?.serialNumber === undefined || issuer.fingerprint256 === issuer.issuerCertificate?.fingerprint256)
      return serials;
    serials.push(issuer.serialNumber);
    last = issuer;
  }
}
