import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { JwtSigner, TokenKeyError, type SignedTokenOptions } from "../../../server/host/token-signer.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const TTL_MS = 300_000;
const CLAIMS = { username: "alice", revision: 7 };

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const PAIRS = {
  rsa: generateKeyPairSync("rsa", { modulusLength: 2048 }),
  p256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  p384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  p521: generateKeyPairSync("ec", { namedCurve: "P-521" }),
  ed25519: generateKeyPairSync("ed25519"),
} satisfies Record<string, Pair>;

type PemForm = "pkcs8" | "pkcs1" | "sec1";

function files(
  pair: Pair,
  form: PemForm = "pkcs8",
): { readonly privateKeyFile: string; readonly publicKeyFile: string } {
  const folder = tempFolder();
  const privateKeyFile = join(folder, "private.pem");
  const publicKeyFile = join(folder, "public.pem");
  writeFileSync(privateKeyFile, pair.privateKey.export({ type: form as "pkcs8", format: "pem" }));
  const publicForm = form === "pkcs1" ? "pkcs1" : "spki";
  writeFileSync(publicKeyFile, pair.publicKey.export({ type: publicForm as "spki", format: "pem" }));
  return { privateKeyFile, publicKeyFile };
}

function secretFile(secret: string): string {
  const path = join(tempFolder(), "secret");
  writeFileSync(path, secret);
  return path;
}

function open(options: Partial<SignedTokenOptions>, clock = new ManualClock()): Promise<JwtSigner> {
  const all = { signMethod: "", publicKeyFile: undefined, privateKeyFile: undefined, ttlMs: TTL_MS, ...options };
  return JwtSigner.open(all, clock);
}

function part(token: string, at: number): unknown {
  return JSON.parse(Buffer.from(token.split(".")[at]!, "base64url").toString());
}

test.each<[method: string, pair: keyof typeof PAIRS, form?: PemForm]>([
  ["RS256", "rsa"],
  ["RS384", "rsa", "pkcs1"],
  ["RS512", "rsa"],
  ["PS256", "rsa"],
  ["PS384", "rsa"],
  ["PS512", "rsa"],
  ["ES256", "p256"],
  ["ES256", "p256", "sec1"],
  ["ES384", "p384"],
  ["ES512", "p521"],
  ["EdDSA", "ed25519"],
])("%s: what one member signs, one with the public key alone can check", async (signMethod, pair, form) => {
  const { privateKeyFile, publicKeyFile } = files(PAIRS[pair], form);
  const clock = new ManualClock();
  const signer = await open({ signMethod, privateKeyFile, publicKeyFile }, clock);
  const token = await signer.sign(CLAIMS);
  expect(part(token, 0)).toEqual({ alg: signMethod, typ: "JWT" });
  expect(part(token, 1)).toEqual({ ...CLAIMS, exp: Math.floor((clock.nowMs + TTL_MS) / 1000) });
  const checker = await open({ signMethod, publicKeyFile }, clock);
  expect([signer.canSign, checker.canSign]).toEqual([true, false]);
  expect(await checker.verify(token)).toEqual(CLAIMS);
  expect(await signer.verify(token)).toEqual(CLAIMS);
  expect(await checker.verify(`${token.slice(0, -8)}AAAAAAAA`)).toBe(undefined);
});

test.each(["HS256", "HS384", "HS512"])("%s signs with a secret", async (signMethod) => {
  const signer = await open({ signMethod, privateKeyFile: secretFile("a secret that nobody knows") });
  expect(await signer.verify(await signer.sign(CLAIMS))).toEqual(CLAIMS);
  const other = await open({ signMethod, privateKeyFile: secretFile("another secret, also unknown") });
  expect(await other.verify(await signer.sign(CLAIMS))).toBe(undefined);
});

test("a token is valid for its time, also one that was seen before", async () => {
  const clock = new ManualClock();
  const signer = await open({ signMethod: "EdDSA", ...files(PAIRS.ed25519) }, clock);
  const token = await signer.sign(CLAIMS);
  expect(await signer.verify(token)).toEqual(CLAIMS);
  clock.advance(TTL_MS - 1000);
  // At once: the signature need not be checked again.
  expect(signer.verify(token)).toEqual(CLAIMS);
  clock.advance(2000);
  expect(await signer.verify(token)).toBe(undefined);
  expect(await signer.verify(token)).toBe(undefined);
});

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function handMade(header: object, payload: unknown, secret: string): string {
  const text = `${encoded(header)}.${encoded(payload)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

test.each<[what: string, token: string, isValid: boolean]>([
  [
    "what etcd signs",
    handMade({ alg: "HS256", typ: "JWT" }, { exp: 2_000_000_000, revision: 7, username: "alice" }, "s"),
    true,
  ],
  ["one that does not expire", handMade({ alg: "HS256" }, CLAIMS, "s"), true],
  ["another algorithm", handMade({ alg: "HS384" }, CLAIMS, "s"), false],
  ["no algorithm", handMade({ alg: "none" }, CLAIMS, "s"), false],
  ["no user", handMade({ alg: "HS256" }, { revision: 7 }, "s"), false],
  ["no revision", handMade({ alg: "HS256" }, { username: "alice" }, "s"), false],
  ["a revision in words", handMade({ alg: "HS256" }, { username: "alice", revision: "7" }, "s"), false],
  ["one that has expired", handMade({ alg: "HS256" }, { ...CLAIMS, exp: 999 }, "s"), false],
  ["one that is not valid yet", handMade({ alg: "HS256" }, { ...CLAIMS, nbf: 2_000_000_000 }, "s"), false],
  ["an expiry in words", handMade({ alg: "HS256" }, { ...CLAIMS, exp: "x" }, "s"), false],
  ["no object", handMade({ alg: "HS256" }, 7, "s"), false],
  ["another secret", handMade({ alg: "HS256" }, CLAIMS, "t"), false],
  ["no token", "abc", false],
  ["a simple token", "abcdefghijklmnop.7", false],
  ["nothing", "", false],
])("%s", async (_, token, isValid) => {
  const signer = await open({ signMethod: "HS256", privateKeyFile: secretFile("s") });
  expect(await signer.verify(token)).toEqual(isValid ? CLAIMS : undefined);
});

/** The words of a refusal. */
async function refused(options: Partial<SignedTokenOptions>): Promise<string> {
  const error: unknown = await open(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TokenKeyError);
  return (error as Error).message;
}

test("keys that do not do are refused at the start, with what to do", async () => {
  const { privateKeyFile } = files(PAIRS.rsa);
  const ec = files(PAIRS.p256);
  const weak = files(generateKeyPairSync("rsa", { modulusLength: 1024 }));
  expect(await refused({ signMethod: "XX256" })).toMatch(/^sign-method is "XX256": it has to be one of RS256, /);
  expect(await refused({ signMethod: "RS256" })).toBe("RS256 needs a key: name its file with priv-key or pub-key");
  expect(await refused({ signMethod: "HS256" })).toBe("priv-key has to name a file with the secret of HS256");
  expect(await refused({ signMethod: "HS256", privateKeyFile: secretFile("") })).toMatch(/the secret of HS256$/);
  expect(await refused({ signMethod: "RS256", privateKeyFile: "/nowhere" })).toMatch(
    /^cannot read the key file \/nowhere/,
  );
  expect(await refused({ signMethod: "RS256", privateKeyFile: secretFile("x") })).toMatch(/holds no PEM key/);
  expect(await refused({ signMethod: "RS256", ...ec })).toMatch(/is of type ec, and rsa is needed$/);
  expect(await refused({ signMethod: "ES256", ...ec, privateKeyFile })).toMatch(/is of type rsa, and ec is needed$/);
  expect(
    await refused({
      signMethod: "ES256",
      ...ec,
      publicKeyFile: files(generateKeyPairSync("ec", { namedCurve: "P-256" })).publicKeyFile,
    }),
  ).toBe("pub-key and priv-key do not belong together");
  expect(await refused({ signMethod: "ES384", ...ec })).toMatch(/^the key cannot be used for ES384: /);
  expect(await refused({ signMethod: "ES384", publicKeyFile: ec.publicKeyFile })).toMatch(
    /^the key cannot be used for ES384: /,
  );
  expect(await refused({ signMethod: "RS256", ...weak })).toMatch(/^the key cannot be used for RS256: /);
});

test("without a private key nothing is signed", async () => {
  const { publicKeyFile } = files(PAIRS.ed25519);
  const signer = await open({ signMethod: "EdDSA", publicKeyFile });
  await expect(signer.sign(CLAIMS)).rejects.toThrow("without a private key tokens can be checked and not made");
});

test("of many tokens the last thousand are known without checking them again", async () => {
  const signer = await open({ signMethod: "HS256", privateKeyFile: secretFile("s") });
  const tokens = await Promise.all(
    Array.from({ length: 1001 }, (_, revision) => signer.sign({ username: "alice", revision })),
  );
  for (const token of tokens) await signer.verify(token);
  expect(signer.verify(tokens[0]!)).toBeInstanceOf(Promise);
  expect(signer.verify(tokens[1000]!)).toEqual({ username: "alice", revision: 1000 });
});
