import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import type { KubeClient } from "./kube-client.ts";
import { isFault } from "./kube-error.ts";
import { secretKind } from "./kinds.ts";

/** The Secret in the operator's own namespace. */
export const PERMIT_KEY_SECRET = "kvorum-permit-key";
const PRIVATE_KEY_FIELD = "ed25519.pem";
const PUBLIC_KEY_BYTES = 32;

/** With what the operator signs permits, and with what members check them. */
export interface PermitKey {
  readonly privateKey: KeyObject;
  /** The 32 bytes of the ed25519 key in base64: `--permit-public-key` of a member. */
  readonly publicKey: string;
}

/**
 * The key that permits are signed with: made at the operator's first start, the same ever after, however many operators
 * start at once. Without it members with an empty disk would wait for ever, so it is never replaced.
 */
export async function permitKey(client: KubeClient, namespace: string): Promise<PermitKey> {
  const place = { namespace, name: PERMIT_KEY_SECRET };
  const secret = (await client.find(secretKind, place)) ?? (await create(client, namespace));
  const text = Buffer.from(secret.data?.[PRIVATE_KEY_FIELD] ?? "", "base64").toString("utf8");
  try {
    return keyOf(createPrivateKey(text));
  } catch (error) {
    throw new Error(
      `Secret ${namespace}/${PERMIT_KEY_SECRET} holds no ed25519 private key in "${PRIVATE_KEY_FIELD}": put back the Secret ` +
        "that the operator made, or delete it to have a new one made, which restarts the members of all clusters one by one",
      { cause: error },
    );
  }
}

async function create(client: KubeClient, namespace: string): Promise<NonNullable<(typeof secretKind)["objects"]>> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  const secret = {
    metadata: {
      name: PERMIT_KEY_SECRET,
      namespace,
      labels: { "app.kubernetes.io/name": "kvorum", "app.kubernetes.io/managed-by": "kvorum-operator" },
    },
    type: "Opaque",
    immutable: true,
    data: { [PRIVATE_KEY_FIELD]: Buffer.from(pem).toString("base64") },
  };
  try {
    return await client.create(secretKind, secret);
  } catch (error) {
    // Another operator was quicker, or this is our own one whose answer was lost.
    if (!isFault(error, "AlreadyExists", "Timeout", "Unavailable")) throw error;
    return client.get(secretKind, { namespace, name: PERMIT_KEY_SECRET });
  }
}

function keyOf(privateKey: KeyObject): PermitKey {
  if (privateKey.asymmetricKeyType !== "ed25519")
    throw new Error(`it is of type ${privateKey.asymmetricKeyType ?? "?"}`);
  // The key proper is the end of its DER form (RFC 8410).
  const der = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey, publicKey: der.subarray(-PUBLIC_KEY_BYTES).toString("base64") };
}
