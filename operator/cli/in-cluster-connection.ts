import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { ConnectionError, type Connection, type Credentials } from "../kube/connection.ts";

/** Where the kubelet puts what a pod's service account needs. */
const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";
/** The kubelet renews the token long before it ends; client-go looks as often. */
const REREAD_MS = 60_000;

/** The way from inside a pod, by its service account; undefined where we are in none. */
export async function inClusterConnection(
  environment: Readonly<Record<string, string | undefined>>,
  folder = SERVICE_ACCOUNT_FOLDER,
): Promise<Connection | undefined> {
  const host = environment["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = environment["KUBERNETES_SERVICE_PORT"] ?? "";
  if (host === "" || port === "") return undefined;
  return {
    server: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    namespace: (await read(folder, "namespace")).trim(),
    credentials: rereading(() => readCredentials(folder)),
  };
}

async function readCredentials(folder: string): Promise<Credentials> {
  const [token, ca] = await Promise.all([read(folder, "token"), read(folder, "ca.crt")]);
  return { headers: { Authorization: `Bearer ${token.trim()}` }, tls: { ca } };
}

/** What was read last while it is fresh; when reading fails, what was read before is tried on. */
function rereading(readNow: () => Promise<Credentials>): () => Promise<Credentials> {
  let last: { readonly credentials: Promise<Credentials>; readonly atMs: number } | undefined;
  return async () => {
    const nowMs = performance.now();
    if (last && nowMs - last.atMs < REREAD_MS) return last.credentials;
    const before = last?.credentials;
    const credentials = readNow().catch((error: unknown) => {
      if (before) return before;
      last = undefined;
      throw error;
    });
    last = { credentials, atMs: nowMs };
    return credentials;
  };
}

async function read(folder: string, file: string): Promise<string> {
  const path = join(folder, file);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new ConnectionError(
      `${path} cannot be read: the pod needs its service account's token (automountServiceAccountToken), or --kubeconfig`,
      { cause },
    );
  }
}
