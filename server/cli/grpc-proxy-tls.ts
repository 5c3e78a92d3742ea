import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSslCipher } from "../config/cipher-suites.ts";
import { splitHostPort } from "../config/server-url.ts";
import { tlsVersion } from "../config/tls-version.ts";
import { nodeClock } from "../host/node-clock.ts";
import { ServerTls, TlsFileError, type TlsFiles } from "../host/tls-files.ts";
import type { Logger } from "../ports/logger.ts";
import type { UpstreamTls } from "../proxy/upstream-channel.ts";
import type { FlagValues } from "./proxy-arguments.ts";
import { ProxyRefusal } from "./proxy-main.ts";

/** TLS towards clients: the listening side, and how the proxy calls itself. */
export interface ProxyServerTls {
  readonly server: ServerTls;
  readonly self: UpstreamTls;
}

/** Towards clients, as the flags say; undefined: none. */
export async function proxyServerTls(flags: FlagValues, logger: Logger): Promise<ProxyServerTls | undefined> {
  const files = await serverFiles(flags, logger);
  if (!files) return undefined;
  logger.info("gRPC proxy server TLS", { "tls-info": tlsInfo(files) });
  if (files.certFile === undefined || files.keyFile === undefined) {
    throw new ProxyRefusal(
      `cannot listen on TLS for ${flags.text("listen-addr")}: KeyFile and CertFile are not presented`,
    );
  }
  const { certFile, keyFile, trustedCaFile } = files;
  return readable(() => ({
    server: new ServerTls(files, logger),
    self: {
      cert: readFileSync(certFile),
      key: readFileSync(keyFile),
      ...(trustedCaFile !== undefined && { ca: readFileSync(trustedCaFile) }),
      // Nobody vouches for a certificate that was made on the spot.
      isUnverified: flags.text("cert-file") === "",
    },
  }));
}

/** Towards the cluster; undefined: none, unless an endpoint is https. */
export function proxyClientTls(flags: FlagValues, logger: Logger): UpstreamTls | undefined {
  const [cert, key, ca] = [flags.given("cert"), flags.given("key"), flags.given("cacert")];
  const isUnverified = flags.isSet("insecure-skip-tls-verify");
  if (cert === undefined && key === undefined && ca === undefined && !isUnverified) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    throw new ProxyRefusal(`KeyFile and CertFile must both be present[key: ${key ?? ""}, cert: ${cert ?? ""}]`);
  }
  if (isUnverified) {
    logger.warn(
      "--insecure-skip-tls-verify was given, this grpc proxy process skips authentication of etcd server TLS certificates. This option should be enabled only for testing purposes.",
    );
  }
  const tls = readable(() => ({
    cert: cert === undefined ? undefined : readFileSync(cert),
    key: key === undefined ? undefined : readFileSync(key),
    ca: ca === undefined ? undefined : readFileSync(ca),
    isUnverified,
  }));
  if (tls.cert && cert !== undefined) refuseCommonName(tls.cert, cert);
  logger.info("gRPC proxy client TLS", {
    "tls-info": tlsInfo({ certFile: cert, keyFile: key, trustedCaFile: ca }),
  });
  return tls;
}

/** The cluster would take the name for that of a user, and every client of the proxy would be that user. */
function refuseCommonName(certificate: Uint8Array, file: string): void {
  const subject = readable(() => new X509Certificate(certificate).subject) ?? "";
  const [, commonName] = /(?:^|\n)CN=(.+)/.exec(subject) ?? [];
  if (commonName !== undefined) throw new ProxyRefusal(`cert has non empty Common Name (${commonName}): ${file}`);
}

async function serverFiles(flags: FlagValues, logger: Logger): Promise<TlsFiles | undefined> {
  const certFile = flags.given("cert-file");
  const keyFile = flags.given("key-file");
  const trustedCaFile = flags.given("trusted-ca-file");
  const rules = {
    crlFile: flags.given("client-crl-file"),
    minVersion: tlsVersion(flags.text("tls-min-version")),
    maxVersion: tlsVersion(flags.text("tls-max-version")),
    ciphers: flags.list("listen-cipher-suites").map(cipherOf),
  };
  if (certFile !== undefined || keyFile !== undefined || trustedCaFile !== undefined) {
    return { certFile, keyFile, trustedCaFile, ...rules };
  }
  if (!flags.isSet("auto-tls")) return undefined;
  // What makes certificates is as large as the rest of the proxy.
  const { selfSigned } = await import("../host/self-signed.ts");
  const made = await selfSigned({
    folder: join(flags.text("data-dir"), "fixtures", "proxy"),
    hosts: [splitHostPort(flags.text("listen-addr"))?.host ?? ""],
    validityYears: flags.number("self-signed-cert-validity"),
    clock: nodeClock,
    logger,
  });
  return { ...made, ...rules };
}

function cipherOf(name: string): string {
  const cipher = openSslCipher(name);
  if (cipher === undefined) throw new ProxyRefusal(`unexpected TLS cipher suite ${JSON.stringify(name)}`);
  return cipher;
}

function tlsInfo({ certFile = "", keyFile = "", trustedCaFile = "", crlFile = "" }: Partial<TlsFiles>): string {
  return `cert = ${certFile}, key = ${keyFile}, trusted-ca = ${trustedCaFile}, crl-file = ${crlFile}`;
}

/** What cannot be read is told in one line. */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TlsFileError || (error instanceof Error && "code" in error)) {
      throw new ProxyRefusal(error.message);
    }
    throw error;
  }
}
