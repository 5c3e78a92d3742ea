import type { ServiceAuth } from "../api/services.ts";
import type { Config } from "../config/config.ts";
import { nodeClock } from "../host/node-clock.ts";
import { WorkerPasswordHasher } from "../host/password-hasher.ts";
import { JwtSigner } from "../host/token-signer.ts";
import type { Logger } from "../ports/logger.ts";

/** How users prove who they are, as configured. Rejects with the key file that is wrong. */
export async function authParts(config: Config, logger: Logger): Promise<ServiceAuth> {
  return {
    hasher: new WorkerPasswordHasher(config.bcryptCost),
    tokens: await tokensOf(config, logger),
    trustsCertificates: config.clientTls.clientCertAuth,
  };
}

async function tokensOf({ authToken }: Config, logger: Logger): Promise<ServiceAuth["tokens"]> {
  switch (authToken.kind) {
    case "none":
      return { kind: "none" };
    case "simple":
      logger.warn("simple token is not cryptographically signed");
      return { kind: "simple" };
    case "jwt":
      return { kind: "signed", signer: await JwtSigner.open(authToken, nodeClock) };
  }
}
