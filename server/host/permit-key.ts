import { createPublicKey, verify, type KeyObject } from "node:crypto";

/** Bytes of an ed25519 public key (RFC 8032). */
const KEY_BYTES = 32;

/** The operator's public key: tells its permits from anybody else's. */
export class PermitKey {
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.#key = key;
  }

  /** The key from the base64 form of its 32 bytes; undefined: that is none. */
  static parse(text: string): PermitKey | undefined {
    const bytes = Buffer.from(text, "base64");
    if (bytes.length !== KEY_BYTES || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
    const jwk = { kty: "OKP", crv: "Ed25519", x: bytes.toString("base64url") };
    return new PermitKey(createPublicKey({ key: jwk, format: "jwk" }));
  }

  /** Whether the owner of the key has signed exactly these bytes. */
  hasSigned({ payload, signature }: { readonly payload: Uint8Array; readonly signature: Uint8Array }): boolean {
    return verify(null, payload, this.#key, signature);
  }
}
