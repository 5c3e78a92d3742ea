// oxlint-disable-next-line import/no-unassigned-import -- a dependency of x509 wants it loaded first
import "reflect-metadata";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export interface SelfSignedOptions {
  /** Where etcd keeps them: `<data-dir>/fixtures/client` or `<data-dir>/fixtures/peer`. */
  readonly folder: string;
  /** Addresses and names that the certificate is for: the hosts of the listen URLs. */
  readonly hosts: readonly string[];
  readonly validityYears: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A certificate and its key on disk. */
export interface SelfSigned {
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * The certificate of --auto-tls and --peer-auto-tls: the one that is there, or a new one that vouches for itself. Who
 * connects cannot verify it, so it keeps listeners out, not impostors.
 */
export async function selfSigned(options: SelfSignedOptions): Promise<SelfSigned> {
  const { folder, logger } = options;
  const certFile = join(folder, "cert.pem");
  const keyFile = join(folder, "key.pem");
  if (existsSync(certFile) && existsSync(keyFile)) return { certFile, keyFile };
  const { certificate, key } = await generate(options);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The key comes first: a crash in between leaves a key alone, which is made anew.
  await place(keyFile, key, 0o600);
  await place(certFile, certificate, 0o644);
  logger.info("created cert file", { path: certFile });
  logger.info("created key file", { path: keyFile });
  return { certFile, keyFile };
}

async function generate({ hosts, validityYears, clock, logger }: SelfSignedOptions) {
  if (!(validityYears > 0)) throw new Error("selfSignedCertValidity is invalid, it should be greater than 0");
  const notAfter = new Date(clock.unixMs() + validityYears * YEAR_MS);
  logger.warn("automatically generate certificates", {
    "certificate-validity-bound-not-after": notAfter.toISOString(),
  });
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const names = hosts
    .filter((host) => host !== "")
    .map((host) => ({ type: isIP(host) === 0 ? ("dns" as const) : ("ip" as const), value: host }));
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: "O=etcd",
    notBefore: new Date(clock.unixMs()),
    notAfter,
    signingAlgorithm: KEY_ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { certificate: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

/** 127 random bits: positive, as a serial number has to be. */
function randomSerial(): string {
  const bytes = crypto.getRandomValues(Buffer.alloc(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

async function place(path: string, pem: string, mode: number): Promise<void> {
  const fresh = `${path}.tmp`;
  await writeFile(fresh, `${pem}\n`, { mode });
  await rename(fresh, path);
}
