import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TestAuthority } from "../../support/certificates.ts";
import type { ClientTls } from "../../support/etcd-client.ts";
import { freePorts } from "../../support/free-ports.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { ControlPlaneProgram } from "./control-plane-program.ts";
import { KubeApi } from "./kube-api.ts";

const START_TIMEOUT_MS = 120_000;

/** Everybody who speaks to the API server, with the groups that say what they may do. */
const USERS = {
  admin: "system:masters",
  "system:kube-controller-manager": "",
  "system:kube-scheduler": "",
} as const;
type User = keyof typeof USERS;

/** Where the store is, and what its client has to show. */
export interface ControlPlaneOptions {
  /** Certificates, keys and logs are written there. */
  readonly folder: string;
  readonly storeUrls: readonly string[];
  readonly storeTls: ClientTls;
  readonly compactionMs: number;
}

/** kube-apiserver, kube-controller-manager and kube-scheduler on loopback, over a store that speaks TLS only. */
export interface ControlPlane {
  readonly api: KubeApi;
  readonly apiServer: ControlPlaneProgram;
  readonly controllerManager: ControlPlaneProgram;
  readonly scheduler: ControlPlaneProgram;
}

/** Starts all three; resolves once the API server is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { folder } = options;
  const [port = 0] = await freePorts(1);
  const url = `https://127.0.0.1:${String(port)}`;
  const authority = await TestAuthority.make(folder, "kubernetes");
  const { certFile, keyFile } = await authority.issue("apiserver", ["127.0.0.1", "localhost"], "kube-apiserver");
  const serving = [`--tls-cert-file=${certFile}`, `--tls-private-key-file=${keyFile}`, `--secure-port=${String(port)}`];
  const tokens = writeTokens(folder);
  const accountKey = writeAccountKey(folder);
  const apiServer = new ControlPlaneProgram(folder, "kube-apiserver", [
    ...serving,
    ...apiServerFlags(options, accountKey),
  ]);
  const api = new KubeApi({ url, caFile: authority.caFile, token: tokens.admin });
  await untilReady(api, apiServer);
  const kubeconfig = (user: User): string =>
    writeKubeconfig(folder, { url, caFile: authority.caFile, user, token: tokens[user] });
  const controllerManager = new ControlPlaneProgram(folder, "kube-controller-manager", [
    `--kubeconfig=${kubeconfig("system:kube-controller-manager")}`,
    "--use-service-account-credentials",
    `--service-account-private-key-file=${accountKey}`,
    `--root-ca-file=${authority.caFile}`,
    "--leader-elect=false",
    "--secure-port=0",
    // Its usual 20 calls a second would make a round of scaling a matter of its own patience.
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ]);
  const scheduler = new ControlPlaneProgram(folder, "kube-scheduler", [
    `--kubeconfig=${kubeconfig("system:kube-scheduler")}`,
    "--leader-elect=false",
    "--secure-port=0",
    "--kube-api-qps=200",
    "--kube-api-burst=400",
  ]);
  return { api, apiServer, controllerManager, scheduler };
}

async function untilReady(api: KubeApi, apiServer: ControlPlaneProgram): Promise<void> {
  const answer = await waitUntil(
    "the API server is ready",
    async () => (apiServer.isOriginal ? await api.text("GET", "/readyz") : "ended"),
    { timeoutMs: START_TIMEOUT_MS, everyMs: 250 },
  );
  if (answer === "ended") throw new Error(`the API server ended:\n${apiServer.log.split("\n").slice(-20).join("\n")}`);
}

function apiServerFlags(
  { folder, storeUrls, storeTls, compactionMs }: ControlPlaneOptions,
  accountKey: string,
): readonly string[] {
  return [
    `--etcd-servers=${storeUrls.join(",")}`,
    `--etcd-cafile=${storeTls.caFile}`,
    `--etcd-certfile=${storeTls.certFile}`,
    `--etcd-keyfile=${storeTls.keyFile}`,
    `--etcd-compaction-interval=${String(compactionMs)}ms`,
    // Short, so that leases of the store end within the run and take their events with them.
    "--event-ttl=60s",
    "--bind-address=127.0.0.1",
    // Of the range for documentation: it is written into an Endpoints object, and a loopback address is refused there.
    "--advertise-address=192.0.2.1",
    `--token-auth-file=${join(folder, "tokens.csv")}`,
    "--authorization-mode=Node,RBAC",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${accountKey}`,
    `--service-account-signing-key-file=${accountKey}`,
  ];
}

function writeTokens(folder: string): Readonly<Record<User, string>> {
  const entries = Object.keys(USERS).map((user) => [user, randomBytes(16).toString("hex")] as const);
  const lines = entries.map(([user, token]) => [token, user, user, USERS[user as User]].filter(Boolean).join(","));
  writeFileSync(join(folder, "tokens.csv"), `${lines.join("\n")}\n`, { mode: 0o600 });
  return Object.fromEntries(entries) as Record<User, string>;
}

function writeAccountKey(folder: string): string {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const file = join(folder, "service-account.key");
  writeFileSync(file, privateKey, { mode: 0o600 });
  return file;
}

function writeKubeconfig(
  folder: string,
  {
    url,
    caFile,
    user,
    token,
  }: { readonly url: string; readonly caFile: string; readonly user: User; readonly token: string },
): string {
  const file = join(folder, `${user.replaceAll(":", "-")}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "here", cluster: { server: url, "certificate-authority": caFile } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "here", context: { cluster: "here", user } }],
    "current-context": "here",
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
