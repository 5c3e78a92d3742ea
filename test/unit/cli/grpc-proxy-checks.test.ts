import { expect, test } from "vitest";
import { grpcProxyRefusal } from "../../../server/cli/grpc-proxy-checks.ts";
import { GRPC_PROXY } from "../../../server/cli/grpc-proxy-options.ts";
import { parseProxyArguments } from "../../../server/cli/proxy-arguments.ts";

test.each([
  [[], undefined],
  [["--resolver-prefix=p"], "invalid resolver-ttl 0"],
  [["--resolver-ttl=5"], 'invalid resolver-prefix ""'],
  [["--resolver-prefix=p", "--resolver-ttl=5"], undefined],
  [["--resolver-prefix=p", "--resolver-ttl=5", "--advertise-client-url="], 'invalid advertise-client-url ""'],
  [["--auto-tls", "--self-signed-cert-validity=0"], "selfSignedCertValidity is invalid,it should be greater than 0"],
  [
    ["--tls-min-version=TLS1.1"],
    'tls-min-version is invalid: unexpected TLS version "TLS1.1" (must be one of: TLS1.2, TLS1.3)',
  ],
  [
    ["--tls-min-version=TLS1.3", "--tls-max-version=TLS1.2"],
    "min version (TLS1.3) is greater than max version (TLS1.2)",
  ],
  [
    ["--tls-min-version=TLS1.3", "--listen-cipher-suites=TLS_AES_128_GCM_SHA256"],
    "cipher suites cannot be configured when only TLS1.3 is enabled",
  ],
  [["--experimental-leasing-prefix=l"], undefined],
])("%j: %s", (args, refusal) => {
  const parsed = parseProxyArguments(GRPC_PROXY, ["start", ...args]);
  if (parsed.kind !== "run") throw new Error(JSON.stringify(parsed));
  expect(grpcProxyRefusal(parsed.flags)).toBe(refusal);
});
