import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import type { Permit, SignedPermit } from "./permit.ts";

/** A new private key as PEM (PKCS #8), to be kept in a Secret. */
export function generatePermitKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
}

/** Signs permits, so that a waiting member can tell the operator's from anybody else's who reaches its port. */
export class PermitSigner {
  /** Base64 of the 32 bytes of the public key, as `kvorum member --permit-public-key` takes it. */
  readonly publicKey: string;
  readonly #privateKey: KeyObject;

  /** Throws a TypeError that says what to do if the text is no ed25519 key. */
  constructor(privateKeyPem: string) {
    this.#privateKey = parseKey(privateKeyPem);
    const { x = "" } = createPublicKey(this.#privateKey).export({ format: "jwk" });
    this.publicKey = Buffer.from(x, "base64url").toString("base64");
  }

  sign(permit: Permit): SignedPermit {
    const payload = Buffer.from(JSON.stringify(permit));
    return {
      payload: payload.toString("base64"),
      signature: sign(null, payload, this.#privateKey).toString("base64"),
    };
  }
}

function parseKey(pem: string): KeyObject {
  const advice = "delete the Secret that holds it, and the operator makes a new one at its next start";
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new TypeError(`the key for permits is no private key in PEM form: ${advice}`, { cause: error });
  }
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new TypeError(`the key for permits is of type ${String(key.asymmetricKeyType)}, not ed25519: ${advice}`);
}
