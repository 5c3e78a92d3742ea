import { PERMIT_KEY_SECRET } from "../types/names.ts";
import type { KubeClient } from "./kube-client.ts";
import { isFault } from "./kube-error.ts";
import { secretKind } from "./kinds.ts";

/** Where in the Secret the key is: an ed25519 private key as PEM (PKCS #8). */
export const PERMIT_KEY_FIELD = "ed25519.pem";

/**
 * The key that permits are signed with, as PEM: made by `generate` at the operator's first start, the same ever after,
 * however many operators start at once. Members with an empty disk wait for a permit signed with it, so it is never
 * replaced, and the Secret is immutable.
 */
export async function permitKey(client: KubeClient, namespace: string, generate: () => string): Promise<string> {
  const place = { namespace, name: PERMIT_KEY_SECRET };
  const secret = (await client.find(secretKind, place)) ?? (await create(client, namespace, generate()));
  const pem = Buffer.from(secret.data?.[PERMIT_KEY_FIELD] ?? "", "base64").toString("utf8");
  if (pem !== "") return pem;
  throw new Error(
    `Secret ${namespace}/${PERMIT_KEY_SECRET} has no "${PERMIT_KEY_FIELD}": put back the Secret that the operator made, or ` +
      "delete it to have a new one made, which restarts the members of all clusters one by one",
  );
}

async function create(
  client: KubeClient,
  namespace: string,
  pem: string,
): Promise<NonNullable<(typeof secretKind)["objects"]>> {
  const secret = {
    metadata: {
      name: PERMIT_KEY_SECRET,
      namespace,
      labels: { "app.kubernetes.io/name": "kvorum", "app.kubernetes.io/managed-by": "kvorum-operator" },
    },
    type: "Opaque",
    immutable: true,
    data: { [PERMIT_KEY_FIELD]: Buffer.from(pem).toString("base64") },
  };
  try {
    return await client.create(secretKind, secret);
  } catch (error) {
    // Another operator was quicker, or it was this one, whose answer was lost.
    if (!isFault(error, "AlreadyExists", "Timeout", "Unavailable")) throw error;
    return client.get(secretKind, { namespace, name: PERMIT_KEY_SECRET });
  }
}
