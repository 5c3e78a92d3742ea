import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import {
  checkServerIdentity,
  createSecureContext,
  getCiphers,
  type ConnectionOptions,
  type SecureContext,
  type SecureContextOptions,
  type Server as TlsServer,
  type TLSSocket,
  type TlsOptions,
} from "node:tls";
import type { Logger } from "../ports/logger.ts";
import { callerCheck, nameRefusal, type CertificateRules } from "./certificate-rules.ts";

/** The lowest version of TLS that is spoken, as by etcd. */
const MIN_VERSION = "TLSv1.2";

/** Always offered where TLS 1.3 is spoken: like Go, which gives no choice among them. */
const TLS_1_3_CIPHERS = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/** What of TLS itself may be spoken. */
export interface TlsProtocol {
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** OpenSSL's names; empty or absent: the runtime's choice. */
  readonly ciphers?: readonly string[] | undefined;
}

/** Where the certificates of one port are, and what is asked of those that are shown; names follow etcd's flags. */
export interface TlsFiles extends TlsProtocol, CertificateRules {
  /** What is shown to whoever connects. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** What is shown when this side connects; where absent, the same. */
  readonly clientCertFile?: string | undefined;
  readonly clientKeyFile?: string | undefined;
  /** Who vouches for the other side; where absent, the authorities that the system trusts. */
  readonly trustedCaFile?: string | undefined;
  /** Whether whoever connects has to show a certificate; a trusted CA asks for that as well, as in etcd. */
  readonly clientCertAuth?: boolean | undefined;
}

/** A file that TLS needs is missing, unreadable, or not what it should be; the message names it. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`${problem} (${path})`, { cause });
    this.path = path;
  }
}

/** The listening side of TLS. Certificates are read again for new connections when their files have changed. */
export class ServerTls {
  /** For `createServer` of node:tls or node:https; give the server to `attach` afterwards. */
  readonly options: TlsOptions;
  /** Why whoever has connected is refused after all; undefined: welcome. */
  readonly refusalOf: (socket: TLSSocket) => Promise<string | undefined>;
  readonly #material: FreshMaterial;

  /** Throws a TlsFileError. */
  constructor(files: TlsFiles, logger: Logger) {
    const { certFile, keyFile, trustedCaFile, clientCertAuth = false } = files;
    this.#material = new FreshMaterial({ certFile, keyFile, caFile: trustedCaFile, protocol: files }, logger);
    this.refusalOf = callerCheck(files);
    const requestCert = clientCertAuth || trustedCaFile !== undefined;
    this.options = { ...this.#material.options, requestCert, rejectUnauthorized: requestCert };
  }

  /** Lets the server show what is in the files when a connection comes in. */
  attach(server: TlsServer): void {
    // Before the listener of node:tls, which takes the context as it is then.
    server.prependListener("connection", () => {
      if (this.#material.refresh()) server.setSecureContext(this.#material.options);
    });
  }
}

/** The connecting side of TLS: the options of a new connection, with what is in the files then. Throws a TlsFileError. */
export function clientTls(
  files: TlsFiles,
  logger: Logger,
  { isVerified = true }: { readonly isVerified?: boolean } = {},
): () => ConnectionOptions {
  const { certFile, keyFile, clientCertFile, clientKeyFile, trustedCaFile } = files;
  if ((clientCertFile === undefined) !== (clientKeyFile === undefined))
    throw new TlsFileError(clientCertFile ?? clientKeyFile ?? "", "a client certificate and its key belong together");
  const own =
    clientCertFile === undefined ? { certFile, keyFile } : { certFile: clientCertFile, keyFile: clientKeyFile };
  const material = new FreshMaterial({ ...own, caFile: trustedCaFile, protocol: files }, logger);
  let secureContext: SecureContext | undefined;
  return () => {
    if (material.refresh()) secureContext = undefined;
    secureContext ??= createSecureContext(material.options);
    return { secureContext, rejectUnauthorized: isVerified, checkServerIdentity: identityCheck(files) };
  };
}

/** The names that whoever calls demands of a caller, it demands of whom it calls too: every member is both. */
function identityCheck(rules: CertificateRules): NonNullable<ConnectionOptions["checkServerIdentity"]> {
  return (host, certificate) => {
    const error = checkServerIdentity(host, certificate);
    if (error) return error;
    const refusal = nameRefusal(certificate, rules);
    return refusal === undefined ? undefined : new Error(refusal);
  };
}

interface MaterialFiles {
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly caFile: string | undefined;
  readonly protocol: TlsProtocol;
}

/** What is in the files, checked; files that have become unusable leave the last good content in place. */
class FreshMaterial {
  readonly #files: MaterialFiles;
  readonly #logger: Logger;
  #stamp: string;
  #options: SecureContextOptions;

  constructor(files: MaterialFiles, logger: Logger) {
    this.#files = files;
    this.#logger = logger;
    this.#stamp = stampOf(files);
    this.#options = readMaterial(files);
  }

  get options(): SecureContextOptions {
    return this.#options;
  }

  /** Looks whether the files have changed; true: there is new content. */
  refresh(): boolean {
    const stamp = stampOf(this.#files);
    if (stamp === this.#stamp) return false;
    this.#stamp = stamp;
    try {
      this.#options = readMaterial(this.#files);
    } catch (error) {
      this.#logger.warn("failed to read certificate files again", { error: (error as Error).message });
      return false;
    }
    return true;
  }
}

/** Changes whenever one of the files does, also when a link to it turns elsewhere. */
function stampOf({ certFile, keyFile, caFile }: MaterialFiles): string {
  return [certFile, keyFile, caFile]
    .map((path) => {
      const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
      return stat ? `${String(stat.ino)}:${String(stat.size)}:${String(stat.mtimeMs)}` : "";
    })
    .join(" ");
}

function readMaterial({ certFile, keyFile, caFile, protocol }: MaterialFiles): SecureContextOptions {
  const pair = certFile === undefined && keyFile === undefined ? {} : readPair(certFile, keyFile);
  return { ...protocolOptions(protocol), ...pair, ...(caFile !== undefined && { ca: readAuthorities(caFile) }) };
}

/** Ciphers that OpenSSL was built without are left out: what is offered must be a part of what was asked for. */
function protocolOptions({ minVersion = MIN_VERSION, maxVersion, ciphers = [] }: TlsProtocol): SecureContextOptions {
  const known = new Set(getCiphers());
  const offered = ciphers.filter((name) => known.has(name.toLowerCase()));
  return {
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(ciphers.length > 0 && { ciphers: [...new Set([...TLS_1_3_CIPHERS, ...offered])].join(":") }),
  };
}

function readPair(certFile: string | undefined, keyFile: string | undefined): SecureContextOptions {
  if (certFile === undefined || keyFile === undefined)
    throw new TlsFileError(certFile ?? keyFile ?? "", "a certificate and its key belong together");
  const cert = readFile(certFile, "certificate");
  const key = readFile(keyFile, "key");
  const certificate = parseCertificate(cert, certFile);
  if (!certificate.checkPrivateKey(parseKey(key, keyFile)))
    throw new TlsFileError(keyFile, `the key does not belong to the certificate in ${certFile}`);
  return { cert, key };
}

/** Each certificate of the file by itself, since OpenSSL would pass over what it cannot read. */
function readAuthorities(path: string): string[] {
  const text = readFile(path, "CA").toString("latin1");
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!blocks) throw new TlsFileError(path, "the CA file holds no PEM certificate");
  for (const block of blocks) parseCertificate(Buffer.from(block), path);
  return blocks;
}

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new TlsFileError(path, `cannot read the ${what} file: ${(error as Error).message}`, error);
  }
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new TlsFileError(path, "the file holds no PEM certificate", error);
  }
}

function parseKey(pem: Buffer, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new TlsFileError(path, "the file holds no PEM private key that can be used without a password", error);
  }
}
