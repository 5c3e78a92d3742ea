import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { systemClock } from "../../../../operator/kube/clock.ts";
import { podKind } from "../../../../operator/kube/kinds.ts";
import { KubeClient } from "../../../../operator/kube/kube-client.ts";
import { kubeconfigConnection } from "../../../../operator/kube/kubeconfig-connection.ts";
import { TestAuthority, type CertificateFiles } from "../../../support/certificates.ts";

let folder: string;
let authority: TestAuthority;
let other: TestAuthority;
let serving: CertificateFiles;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kvorum-kubeconfig-"));
  authority = await TestAuthority.make(folder, "one");
  other = await TestAuthority.make(folder, "other");
  serving = await authority.issue("server", ["127.0.0.1"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

const context = (name: string, namespace?: string) => ({
  name,
  context: { cluster: "c", user: "u", ...(namespace !== undefined && { namespace }) },
});

/** A kubeconfig with one cluster and two contexts. */
function kubeconfig(cluster: object, user: object): string {
  const file = join(folder, "kubeconfig");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [context("first", "team-a"), context("second")],
    "current-context": "first",
  };
  writeFileSync(file, stringify(config));
  return file;
}

describe("a kubeconfig", () => {
  test("gives the server, the context's namespace and the token", async () => {
    const file = kubeconfig({ "insecure-skip-tls-verify": true }, { token: "secret" });
    const connection = kubeconfigConnection({ file });
    expect(connection).toMatchObject({ server: "https://127.0.0.1:1", namespace: "team-a" });
    expect(await connection.credentials()).toMatchObject({
      headers: { Authorization: "Bearer secret" },
      tls: { rejectUnauthorized: false },
    });
    expect(kubeconfigConnection({ file, context: "second" }).namespace).toBeUndefined();
  });

  test("logs in with a name and a password", async () => {
    const connection = kubeconfigConnection({ file: kubeconfig({}, { username: "me", password: "pw" }) });
    const { headers } = await connection.credentials();
    expect(headers["Authorization"]).toBe(`Basic ${Buffer.from("me:pw").toString("base64")}`);
  });

  test.each<[what: string, choice: () => object, message: RegExp]>([
    ["no file", () => ({ file: join(folder, "none") }), /the kubeconfig .*none cannot be read: ENOENT/],
    [
      "no such context",
      () => ({ file: kubeconfig({}, {}), context: "x" }),
      /no context "x": it has contexts: first, second/,
    ],
    ["plain HTTP", () => ({ file: kubeconfig({ server: "http://x" }, {}) }), /plain HTTP: .*insecure-skip-tls-verify/],
  ])("that cannot be used says why: %s", (_what, choice, message) => {
    expect(() => kubeconfigConnection(choice())).toThrow(message);
  });
});

/** Answers with the name in the client's certificate. */
async function listen(): Promise<{ readonly url: string; stop(): void }> {
  const options = {
    cert: readFileSync(serving.certFile),
    key: readFileSync(serving.keyFile),
    ca: readFileSync(authority.caFile),
    requestCert: true,
    rejectUnauthorized: false,
  };
  const server = createServer(options, (request, response) => {
    const socket = request.socket as TLSSocket;
    const name = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : "nobody";
    response.end(JSON.stringify({ kind: "Pod", metadata: { name, uid: String(socket.remotePort) } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const clientOf = (file: string) =>
  new KubeClient({ connection: kubeconfigConnection({ file }), clock: systemClock, random: () => 0, userAgent: "t" });
const get = (client: KubeClient) => client.get(podKind, { namespace: "a", name: "p" }, { attemptsMax: 1 });
const base64 = (file: string) => readFileSync(file).toString("base64");

describe("TLS", () => {
  test("the server is checked against the kubeconfig's authority, and the client shows its certificate", async () => {
    const server = await listen();
    const { certFile, keyFile } = await authority.issue("operator", [], "the-operator");
    const user = { "client-certificate-data": base64(certFile), "client-key-data": base64(keyFile) };
    const client = clientOf(kubeconfig({ server: server.url, "certificate-authority": authority.caFile }, user));
    const stranger = clientOf(kubeconfig({ server: server.url, "certificate-authority": other.caFile }, user));
    expect((await get(client)).metadata.name).toBe("the-operator");
    await expect(get(stranger)).rejects.toMatchObject({ fault: { kind: "Unavailable", isSent: false } });
    client.close();
    stranger.close();
    server.stop();
  });

  test("certificates that are changed on disk are used from the next call on; until then the connection is kept", async () => {
    const server = await listen();
    const first = await authority.issue("first", [], "first");
    const second = await authority.issue("second", [], "second");
    const certificate = join(folder, "rotated.crt");
    const key = join(folder, "rotated.key");
    const rotate = ({ certFile, keyFile }: CertificateFiles) => {
      writeFileSync(certificate, readFileSync(certFile));
      writeFileSync(key, readFileSync(keyFile));
    };
    rotate(first);
    const user = { "client-certificate": certificate, "client-key": key };
    const client = clientOf(kubeconfig({ server: server.url, "certificate-authority": authority.caFile }, user));
    const before = await get(client);
    expect((await get(client)).metadata.uid).toBe(before.metadata.uid);
    rotate(second);
    expect([before.metadata.name, (await get(client)).metadata.name]).toEqual(["first", "second"]);
    client.close();
    server.stop();
  });
});
