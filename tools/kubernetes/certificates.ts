import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addresses, apiUrl, kubeconfigPath, nodeName, pkiFolder } from "./places.ts";

const DAYS = "365";
const openssl = (...args: readonly string[]): void => {
  execFileSync("openssl", args, { cwd: pkiFolder, stdio: ["ignore", "ignore", "pipe"] });
};
const key = (name: string): readonly string[] => [
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:P-256",
  "-nodes",
  "-keyout",
  `${name}.key`,
];

/** Everyone who speaks to the API server, by the subject that says what they may do. */
const CLIENTS = {
  admin: "/O=system:masters/CN=admin",
  node: `/O=system:nodes/CN=system:node:${nodeName}`,
  "controller-manager": "/CN=system:kube-controller-manager",
  scheduler: "/CN=system:kube-scheduler",
  proxy: "/CN=system:kube-proxy",
} as const;
export type Client = keyof typeof CLIENTS;

/** Makes the authority, all certificates and kubeconfigs of one cluster. */
export function makeCertificates(): void {
  mkdirSync(pkiFolder, { recursive: true, mode: 0o700 });
  openssl("req", "-x509", ...key("ca"), "-days", DAYS, "-subj", "/CN=kvorum-throwaway-ca", "-out", "ca.crt");
  openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "sa.key");
  openssl("pkey", "-in", "sa.key", "-pubout", "-out", "sa.pub");
  const { node, apiService } = addresses;
  const names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"].map(
    (name) => `DNS:${name}`,
  );
  certificate("apiserver", "/CN=kube-apiserver", ["IP:127.0.0.1", `IP:${apiService}`, `IP:${node}`, ...names]);
  for (const client of Object.keys(CLIENTS) as readonly Client[]) {
    certificate(client, CLIENTS[client], client === "node" ? [`DNS:${nodeName}`, `IP:${node}`] : []);
    writeFileSync(kubeconfigOf(client), kubeconfig(client), { mode: 0o600 });
  }
}

/** The kubeconfig of one of them; the administrator's is the one for users. */
export function kubeconfigOf(client: Client): string {
  return client === "admin" ? kubeconfigPath : join(pkiFolder, `${client}.kubeconfig`);
}

function certificate(name: string, subject: string, alternativeNames: readonly string[]): void {
  const extensions = ["extendedKeyUsage=clientAuth,serverAuth"];
  if (alternativeNames.length > 0) extensions.push(`subjectAltName=${alternativeNames.join(",")}`);
  writeFileSync(join(pkiFolder, `${name}.ext`), `${extensions.join("\n")}\n`);
  openssl("req", ...key(name), "-subj", subject, "-out", `${name}.csr`);
  const signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", DAYS];
  openssl("x509", "-req", "-in", `${name}.csr`, ...signer, "-extfile", `${name}.ext`, "-out", `${name}.crt`);
}

function data(file: string): string {
  return readFileSync(join(pkiFolder, file)).toString("base64");
}

/** Self-contained, so that it works wherever it is copied; JSON is YAML. */
function kubeconfig(client: Client): string {
  const name = "kvorum-throwaway";
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: apiUrl, "certificate-authority-data": data("ca.crt") } }],
      users: [
        {
          name: client,
          user: { "client-certificate-data": data(`${client}.crt`), "client-key-data": data(`${client}.key`) },
        },
      ],
      contexts: [{ name, context: { cluster: name, user: client } }],
      "current-context": name,
    },
    undefined,
    2,
  )}\n`;
}
