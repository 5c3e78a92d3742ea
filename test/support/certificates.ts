// oxlint-disable-next-line import/no-unassigned-import -- a dependency of x509 wants it loaded first
import "reflect-metadata";
import type { webcrypto } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Where a certificate and its key were written. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority made for one test, which signs certificates and writes them to a folder. */
export class TestAuthority {
  readonly caFile: string;
  readonly #folder: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;
  #serial = 1;

  private constructor(folder: string, name: string, keys: webcrypto.CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#folder = folder;
    this.#keys = keys;
    this.#certificate = certificate;
    this.caFile = join(folder, `${name}-ca.pem`);
    writeFileSync(this.caFile, certificate.toString("pem"));
  }

  static async make(folder: string, name: string): Promise<TestAuthority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: "01",
      name: `CN=${name}`,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 86_400_000),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new TestAuthority(folder, name, keys, certificate);
  }

  /** Writes a list (DER) that revokes these certificates of the authority. */
  async revoke(file: string, revoked: readonly CertificateFiles[]): Promise<void> {
    const entries = revoked.map(({ certFile }) => ({
      serialNumber: new x509.X509Certificate(readFileSync(certFile, "utf8")).serialNumber,
    }));
    const signing = { issuer: this.#certificate.subject, signingKey: this.#keys.privateKey };
    const list = await x509.X509CrlGenerator.create({ ...signing, signingAlgorithm: algorithm, entries });
    writeFileSync(file, Buffer.from(list.rawData));
  }

  /** A certificate for these hosts, good for both sides of a connection. */
  async issue(file: string, hosts: readonly string[], commonName = file): Promise<CertificateFiles> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const names = hosts.map((value) => ({ type: isIP(value) === 0 ? ("dns" as const) : ("ip" as const), value }));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (++this.#serial).toString(16).padStart(2, "0"),
      subject: `CN=${commonName}`,
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() - 3_600_000),
      notAfter: new Date(Date.now() + 86_400_000),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      extensions: [
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    const certFile = join(this.#folder, `${file}.pem`);
    const keyFile = join(this.#folder, `${file}-key.pem`);
    writeFileSync(certFile, certificate.toString("pem"));
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
    writeFileSync(keyFile, x509.PemConverter.encode(pkcs8, "PRIVATE KEY"));
    chmodSync(keyFile, 0o600);
    return { certFile, keyFile };
  }
}
