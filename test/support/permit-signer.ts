import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** A permit as the operator writes it; fields are left out or wrong where a test wants that. */
export type PermitFields = Readonly<Record<string, unknown>>;

/** The operator's hand: signs permits with a key of its own. */
export class PermitSigner {
  readonly #privateKey: KeyObject;
  /** What `--permit-public-key` takes. */
  readonly publicKey: string;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.#privateKey = privateKey;
    this.publicKey = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("base64");
  }

  /** The body of POST /kvorum/v1/permit. */
  sign(permit: PermitFields): string {
    const payload = Buffer.from(JSON.stringify(permit));
    const signature = sign(null, payload, this.#privateKey);
    return JSON.stringify({ payload: payload.toString("base64"), signature: signature.toString("base64") });
  }
}
