import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { expect, test } from "vitest";
import type { Permit } from "../../../../operator/etcd/permit.ts";
import { generatePermitKey, PermitSigner } from "../../../../operator/etcd/permit-signer.ts";

const permit: Permit = {
  clusterUid: "c-uid",
  podName: "x-1",
  podUid: "p-uid",
  mode: "Join",
  memberId: "a1",
  etcdClusterId: "c1",
  initialCluster: [{ name: "x-1", peerUrls: ["http://x-1.x-peers.ns.svc:2380"] }],
  token: "c-uid",
  issuedAt: "2026-01-02T03:04:05Z",
};

/** The 32 bytes of an ed25519 key in SubjectPublicKeyInfo have this before them (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

function isSignedBy(publicKey: string, payload: Buffer, signature: string): boolean {
  const raw = Buffer.from(publicKey, "base64");
  expect(raw.length).toBe(32);
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  return verify(null, payload, key, Buffer.from(signature, "base64"));
}

test("a permit is verified with nothing but the 32 bytes of the public key", () => {
  const signer = new PermitSigner(generatePermitKey());
  const { payload, signature } = signer.sign(permit);
  const bytes = Buffer.from(payload, "base64");
  expect(JSON.parse(bytes.toString())).toEqual(permit);
  expect(isSignedBy(signer.publicKey, bytes, signature)).toBe(true);
  expect(isSignedBy(new PermitSigner(generatePermitKey()).publicKey, bytes, signature)).toBe(false);
  bytes[10]! ^= 1;
  expect(isSignedBy(signer.publicKey, bytes, signature)).toBe(false);
});

test("the same key gives the same public key after a restart", () => {
  const pem = generatePermitKey();
  expect(new PermitSigner(pem).publicKey).toBe(new PermitSigner(pem).publicKey);
});

test("a text that is no ed25519 key is refused with what to do", () => {
  const rsa = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" });
  expect(() => new PermitSigner("nonsense")).toThrow("is no private key in PEM form: delete the Secret");
  expect(() => new PermitSigner(rsa)).toThrow("is of type x25519, not ed25519: delete the Secret");
});
