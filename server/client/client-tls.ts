import { checkServerIdentity } from "node:tls";
import { credentials, experimental, type ChannelCredentials } from "@grpc/grpc-js";

/** How the connection to a cluster is encrypted; PEM texts. */
export interface ClientTls {
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  /** The name that certificates must have instead of the endpoint's host: for one who knows a member by its address. */
  readonly serverName?: string;
  /** `false`: any certificate is taken. For tests. */
  readonly isVerified?: boolean;
}

/** The same as files that are read again and again: certificates that are renewed are used by the next connection. */
export interface ClientTlsFiles {
  readonly caFile: string;
  /** Both or none. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** How often the files are looked at. */
  readonly refreshMs?: number;
  readonly serverName?: string;
}

const REFRESH_MS = 10_000;

/** `name` is what the certificate is checked for, an address too; grpc-js would check the name that it asks for. */
export function channelCredentials(tls: ClientTls | ClientTlsFiles, name: string): ChannelCredentials {
  const verification = {
    rejectUnauthorized: !("isVerified" in tls) || tls.isVerified,
    checkServerIdentity: (_askedFor: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
  if ("caFile" in tls) return reloadedCredentials(tls, verification);
  const { ca, cert, key } = tls;
  return credentials.createSsl(pem(ca), pem(key), pem(cert), verification);
}

type Verification = NonNullable<Parameters<typeof credentials.createSsl>[3]>;

function reloadedCredentials(files: ClientTlsFiles, verification: Verification): ChannelCredentials {
  const { caFile, certFile, keyFile, refreshMs = REFRESH_MS } = files;
  const hasIdentity = certFile !== undefined && keyFile !== undefined;
  if (hasIdentity !== (certFile !== undefined || keyFile !== undefined)) {
    throw new TypeError("a client certificate needs both certFile and keyFile");
  }
  const provider = new experimental.FileWatcherCertificateProvider({
    caCertificateFile: caFile,
    ...(hasIdentity && { certificateFile: certFile, privateKeyFile: keyFile }),
    refreshIntervalMs: refreshMs,
  });
  const identity = hasIdentity ? provider : null;
  return experimental.createCertificateProviderChannelCredentials(provider, identity, verification);
}

function pem(bytes: Uint8Array | undefined): Buffer | null {
  return bytes === undefined ? null : Buffer.from(bytes);
}
