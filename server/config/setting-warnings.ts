import { isBcryptCost } from "./auth-token.ts";
import type { Config } from "./config.ts";
import { optionNamed } from "./options.ts";
import { warning } from "./refusal.ts";
import type { ConfigWarning } from "./refusal.ts";
import { isTlsUrl } from "./server-url.ts";
import type { ServerUrl } from "./server-url.ts";
import type { Settings } from "./settings.ts";

const REQUEST_BYTES_RECOMMENDED_MAX = 10 * 1024 * 1024;

/** What is allowed and yet probably not meant. */
export function settingWarnings(settings: Settings, config: Config): readonly ConfigWarning[] {
  return [
    ...nameWarnings(config),
    ...(settings.get("data-dir") === ""
      ? [warning("'data-dir' was empty; using default", { "data-dir": config.dataDir })]
      : []),
    ...(config.maxRequestBytes > REQUEST_BYTES_RECOMMENDED_MAX
      ? [warning("exceeded recommended request limit", { "max-request-bytes": String(config.maxRequestBytes) })]
      : []),
    ...(config.featureGates.LeaseCheckpoint && !config.featureGates.LeaseCheckpointPersist
      ? [warning("LeaseCheckpoint is on without LeaseCheckpointPersist: a restart forgets the remaining times")]
      : []),
    ...authWarnings(settings, config),
    ...clientTlsWarnings(settings, config),
    ...peerTlsWarnings(settings, config),
  ];
}

function nameWarnings(config: Config): readonly ConfigWarning[] {
  if (config.name !== optionNamed("name").default) return [];
  return [warning("the member has the default name: give every member its own with --name", { name: config.name })];
}

function authWarnings(settings: Settings, { authToken, bcryptCost }: Config): readonly ConfigWarning[] {
  const cost = settings.get("bcrypt-cost");
  return [
    ...(isBcryptCost(cost)
      ? []
      : [
          warning("use default bcrypt cost instead of the invalid given cost", {
            "given-cost": String(cost),
            "default-cost": String(bcryptCost),
          }),
        ]),
    ...(authToken.kind === "jwt" && authToken.unknown.length > 0
      ? [warning("unknown JWT options", { keys: authToken.unknown.join(",") })]
      : []),
  ];
}

function clientTlsWarnings(settings: Settings, config: Config): readonly ConfigWarning[] {
  const { certFile, clientCertAuth } = config.clientTls;
  const plain = [...config.listenClientUrls, ...config.listenClientHttpUrls].filter((url) => !isTlsUrl(url));
  const ignoredFiles = "scheme is http or unix while key and cert files are present; ignoring key and cert files";
  const ignoredAuth =
    "scheme is http or unix while --client-cert-auth is enabled; ignoring client cert auth for this URL";
  return [
    ...(certFile !== undefined && settings.get("auto-tls")
      ? [warning("ignoring client auto TLS since certs given")]
      : []),
    ...(certFile === undefined ? [] : perUrl(ignoredFiles, "client-url", plain)),
    ...(clientCertAuth ? perUrl(ignoredAuth, "client-url", plain) : []),
  ];
}

function peerTlsWarnings(settings: Settings, config: Config): readonly ConfigWarning[] {
  const { certFile, clientCertAuth } = config.peerTls;
  const plain = config.listenPeerUrls.filter((url) => url.scheme === "http");
  const ignoredFiles = "scheme is HTTP while key and cert files are present; ignoring key and cert files";
  const ignoredAuth = "scheme is HTTP while --peer-client-cert-auth is enabled; ignoring client cert auth for this URL";
  return [
    ...(certFile !== undefined && settings.get("peer-auto-tls")
      ? [warning("ignoring peer auto TLS since certs given")]
      : []),
    ...(certFile === undefined ? [] : perUrl(ignoredFiles, "peer-url", plain)),
    ...(clientCertAuth ? perUrl(ignoredAuth, "peer-url", plain) : []),
  ];
}

function perUrl(message: string, field: string, urls: readonly ServerUrl[]): readonly ConfigWarning[] {
  return urls.map((url) => warning(message, { [field]: url.text }));
}
