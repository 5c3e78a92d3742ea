import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Client } from "../../../server/client/client.ts";
import { answerOf } from "../../support/compared-answers.ts";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const KEYS = {
  rsa: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p521: () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed25519: () => generateKeyPairSync("ed25519"),
};

/** The flag, with keys in files. */
function flagFor(signMethod: string, kind: keyof typeof KEYS | "secret"): string {
  const folder = tempFolder();
  const [privateFile, publicFile] = [join(folder, "private"), join(folder, "public")];
  if (kind === "secret") {
    writeFileSync(privateFile, "a secret that both of them know");
    return `--auth-token=jwt,priv-key=${privateFile},sign-method=${signMethod},ttl=10m`;
  }
  const { privateKey, publicKey } = KEYS[kind]();
  writeFileSync(privateFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(publicFile, publicKey.export({ type: "spki", format: "pem" }));
  return `--auth-token=jwt,pub-key=${publicFile},priv-key=${privateFile},sign-method=${signMethod},ttl=10m`;
}

/** What is read does not matter, that it is. */
function shape(text: string): string {
  return text.startsWith("{") ? "good" : text;
}

test.each([
  ["RS256", "rsa"],
  ["PS384", "rsa"],
  ["ES256", "p256"],
  ["ES512", "p521"],
  ["EdDSA", "ed25519"],
  ["HS512", "secret"],
] as const)(
  "%s: a token of etcd's is good at Kvorum and the other way round, until users change",
  async (method, kind) => {
    const flag = flagFor(method, kind);
    const servers = await Promise.all([startEtcd(tempFolder(), flag), startKvorum(tempFolder(), flag)]);
    const clients = servers.map(({ endpoint }) => new Client({ endpoints: [endpoint] }));
    const tokens: string[] = [];
    for (const client of clients) {
      await client.auth.userAdd({ name: "root", password: "rootpw" });
      await client.auth.userGrantRole({ user: "root", role: "root" });
      await client.auth.authEnable({});
      tokens.push((await client.auth.authenticate({ name: "root", password: "rootpw" })).token);
    }
    const told = async (): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (const client of clients) {
        for (const token of [...tokens, `${tokens[0]}x`]) {
          const make = () => client.kv.range({ key: Buffer.from("a") }, { metadata: { token } });
          answers.push((await answerOf({ name: "", make }, client)).text);
        }
      }
      return answers;
    };
    const bad = "error 16: etcdserver: invalid auth token";
    expect((await told()).map(shape)).toEqual(["good", "good", bad, "good", "good", bad]);
    for (const client of clients) await client.auth.roleAdd({ name: "new" }, { metadata: { token: tokens[0]! } });
    const old = "error 3: etcdserver: revision of auth store is old";
    expect((await told()).map(shape)).toEqual([old, old, bad, old, old, bad]);
    for (const client of clients) client.close();
  },
);
