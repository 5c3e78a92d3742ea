import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../../server/client/client.ts";
import { prefixEnd } from "../../../server/client/key-range-end.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { Cluster } from "../../support/cluster.ts";
import type { ServerBinary } from "../../support/server-binary.ts";

/** What a client needs to get in. */
export interface SecuredCluster {
  /** host:port, by a name that the certificate has. */
  readonly endpoints: readonly string[];
  readonly caFile: string;
  readonly user: string;
  readonly password: string;
  /** Keys under it are the user's; no others are. */
  readonly prefix: string;
  destroy(): Promise<void>;
}

const PREFIX = "clients/";
/** Where libraries that make locks and elections out of keys put these. */
const LIBRARY_PREFIXES = [`/locks/${PREFIX}`, `election/${PREFIX}`];
const USER = { name: "ann", password: "not-a-secret" };
const ROOT = { name: "root", password: "neither-this" };
/** KV's permission type that lets read and write. */
const READ_WRITE = 2;

/** Three members with a certificate for clients, with auth on, and with a user who may do what he likes under one prefix. */
export async function startSecuredCluster(binary: ServerBinary): Promise<SecuredCluster> {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-clients-"));
  const authority = await TestAuthority.make(folder, "clients");
  const { certFile, keyFile } = await authority.issue("member", ["localhost", "127.0.0.1"]);
  const flags = ["--cert-file", certFile, "--key-file", keyFile, "--auth-token", signedTokens(folder)];
  const cluster = await Cluster.create({ binary, size: 3, isTls: true, flags });
  const endpoints = cluster.endpoints.map((url) => `localhost:${new URL(url).port}`);
  const destroy = async (): Promise<void> => {
    await cluster.destroy();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await cluster.start();
    await turnAuthOn(endpoints, authority.caFile);
  } catch (error) {
    await destroy();
    throw error;
  }
  return { endpoints, caFile: authority.caFile, user: USER.name, password: USER.password, prefix: PREFIX, destroy };
}

/**
 * Tokens that every member can check by itself. Simple ones reach the others through the log: a client that logs in here and
 * begins a stream there may be too early, with etcd as with Kvorum.
 */
function signedTokens(folder: string): string {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const [publicFile, privateFile] = [join(folder, "tokens.pub"), join(folder, "tokens.key")];
  writeFileSync(publicFile, publicKey);
  writeFileSync(privateFile, privateKey);
  return `jwt,pub-key=${publicFile},priv-key=${privateFile},sign-method=RS256,ttl=10m`;
}

async function turnAuthOn(endpoints: readonly string[], caFile: string): Promise<void> {
  const client = new Client({ endpoints, tls: { ca: readFileSync(caFile) } });
  try {
    await client.auth.userAdd(ROOT);
    await client.auth.roleAdd({ name: "root" });
    await client.auth.userGrantRole({ user: ROOT.name, role: "root" });
    await client.auth.userAdd(USER);
    await client.auth.roleAdd({ name: "clients" });
    for (const prefix of [PREFIX, ...LIBRARY_PREFIXES]) {
      const key = Buffer.from(prefix);
      const perm = { permType: READ_WRITE, key, rangeEnd: prefixEnd(key) };
      await client.auth.roleGrantPermission({ name: "clients", perm });
    }
    await client.auth.userGrantRole({ user: USER.name, role: "clients" });
    await client.auth.authEnable({});
  } finally {
    client.close();
  }
}
