import { tlsVersion } from "../config/tls-version.ts";
import type { FlagValues } from "./proxy-arguments.ts";

/** Why the flags of `etcd grpc-proxy start` cannot go together, in etcd's words; undefined: they can. */
export function grpcProxyRefusal(flags: FlagValues): string | undefined {
  const prefix = flags.text("resolver-prefix");
  const ttl = flags.number("resolver-ttl");
  const advertised = flags.text("advertise-client-url");
  if (prefix !== "" && ttl < 1) return `invalid resolver-ttl ${String(ttl)}`;
  if (prefix === "" && ttl > 0) return `invalid resolver-prefix ${JSON.stringify(prefix)}`;
  if (prefix !== "" && advertised === "") return `invalid advertise-client-url ${JSON.stringify(advertised)}`;
  if (flags.isSet("auto-tls") && flags.number("self-signed-cert-validity") === 0) {
    return "selfSignedCertValidity is invalid,it should be greater than 0";
  }
  return tlsRefusal(flags);
}

function tlsRefusal(flags: FlagValues): string | undefined {
  for (const name of ["tls-min-version", "tls-max-version"]) {
    const version = flags.text(name);
    if (version !== "" && tlsVersion(version) === undefined) {
      return `${name} is invalid: unexpected TLS version ${JSON.stringify(version)} (must be one of: TLS1.2, TLS1.3)`;
    }
  }
  const [min, max] = [flags.text("tls-min-version"), flags.text("tls-max-version")];
  if (max !== "" && min > max) return `min version (${min}) is greater than max version (${max})`;
  if (min === "TLS1.3" && flags.list("listen-cipher-suites").length > 0) {
    return "cipher suites cannot be configured when only TLS1.3 is enabled";
  }
  return undefined;
}
