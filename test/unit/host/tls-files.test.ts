import { execFile } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { clientTls, ServerTls, TlsFileError, type TlsFiles } from "../../../server/host/tls-files.ts";
import { TestAuthority, type CertificateFiles } from "../../support/certificates.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const curl = promisify(execFile);

/** Serves "hello" over TLS; returns the port. */
async function serve(files: TlsFiles): Promise<number> {
  const tls = new ServerTls(files, silentLogger);
  const server = createServer(tls.options, (_request, response) => response.end("hello"));
  tls.attach(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  return (server.address() as AddressInfo).port;
}

/** One request over a connection of its own: the answer's body and the common name that was shown. */
function ask(port: number, options: ConnectionOptions, host = "127.0.0.1"): Promise<readonly [string, string]> {
  return new Promise((resolve, reject) => {
    const servername = host === "127.0.0.1" ? {} : { servername: host };
    const socket = connect({ port, host: "127.0.0.1", ...servername, ...options }, () => {
      socket.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    });
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const name = (): string => String(socket.getPeerCertificate().subject?.CN);
    let shown = "";
    socket.on("secureConnect", () => (shown = name()));
    // With TLS 1.3 a client learns after its handshake that the server did not take its certificate.
    socket.on("end", () => (text.includes("hello") ? resolve(["hello", shown]) : reject(new Error("hung up"))));
    socket.on("error", reject);
  });
}

async function chain(): Promise<{ folder: string; authority: TestAuthority; server: CertificateFiles }> {
  const folder = tempFolder();
  const authority = await TestAuthority.make(folder, "good");
  return { folder, authority, server: await authority.issue("server", ["127.0.0.1", "localhost"]) };
}

const client = (files: Partial<TlsFiles>): ConnectionOptions =>
  clientTls({ certFile: undefined, keyFile: undefined, ...files }, silentLogger)();

test("a client that trusts the authority is served, one that does not is not", async () => {
  const { folder, authority, server } = await chain();
  const other = await TestAuthority.make(folder, "other");
  const port = await serve(server);
  expect(await ask(port, client({ trustedCaFile: authority.caFile }))).toEqual(["hello", "server"]);
  await expect(ask(port, client({ trustedCaFile: other.caFile }))).rejects.toThrow(/unable to verify|signature/);
  await expect(ask(port, client({}))).rejects.toThrow(/unable to verify/);
});

test("the host that is called must stand in the certificate", async () => {
  const { authority, server } = await chain();
  const elsewhere = await authority.issue("elsewhere", ["example.org"]);
  const trusting = client({ trustedCaFile: authority.caFile });
  await expect(ask(await serve(elsewhere), trusting)).rejects.toThrow("127.0.0.1");
  expect(await ask(await serve(elsewhere), trusting, "example.org")).toEqual(["hello", "elsewhere"]);
  expect(await ask(await serve(server), trusting, "localhost")).toEqual(["hello", "server"]);
});

test("a trusted CA asks for client certificates, and takes its own only", async () => {
  const { folder, authority, server } = await chain();
  const trustedCaFile = authority.caFile;
  const port = await serve({ ...server, trustedCaFile });
  const own = await authority.issue("client", []);
  const foreign = await (await TestAuthority.make(folder, "foreign")).issue("stranger", []);
  expect(await ask(port, client({ ...own, trustedCaFile }))).toEqual(["hello", "server"]);
  await expect(ask(port, client({ trustedCaFile }))).rejects.toThrow();
  await expect(ask(port, client({ ...foreign, trustedCaFile }))).rejects.toThrow();
});

test("a separate client certificate is shown when this side connects", async () => {
  const { authority, server } = await chain();
  const trustedCaFile = authority.caFile;
  const port = await serve({ ...server, trustedCaFile, clientCertAuth: true });
  const own = await authority.issue("client", []);
  const stranger = await (await TestAuthority.make(tempFolder(), "foreign")).issue("stranger", []);
  const files = { ...stranger, clientCertFile: own.certFile, clientKeyFile: own.keyFile, trustedCaFile };
  expect(await ask(port, clientTls(files, silentLogger)())).toEqual(["hello", "server"]);
});

test("versions below TLS 1.2 are refused", async () => {
  const { authority, server } = await chain();
  const port = await serve(server);
  const ca = { trustedCaFile: authority.caFile };
  const { secureContext: _, ...rest } = client(ca);
  const old = { ...rest, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" } as const;
  await expect(ask(port, { ...old, rejectUnauthorized: false })).rejects.toThrow();
});

test("new connections see a certificate that was replaced; a broken one leaves the last good one", async () => {
  const { authority, server } = await chain();
  const port = await serve(server);
  const trusting = clientTls(
    { certFile: undefined, keyFile: undefined, trustedCaFile: authority.caFile },
    silentLogger,
  );
  expect(await ask(port, trusting())).toEqual(["hello", "server"]);
  await authority.issue("server", ["127.0.0.1"], "renewed");
  expect(await ask(port, trusting())).toEqual(["hello", "renewed"]);
  writeFileSync(server.certFile, "half a certif");
  expect(await ask(port, trusting())).toEqual(["hello", "renewed"]);
  await authority.issue("server", ["127.0.0.1"], "again");
  expect(await ask(port, trusting())).toEqual(["hello", "again"]);
});

test("a client's new connections use an authority that was replaced", async () => {
  const { folder, authority, server } = await chain();
  const port = await serve(server);
  const other = await TestAuthority.make(folder, "other");
  const caFile = join(folder, "ca.pem");
  copyFileSync(other.caFile, caFile);
  const trusting = clientTls({ certFile: undefined, keyFile: undefined, trustedCaFile: caFile }, silentLogger);
  await expect(ask(port, trusting())).rejects.toThrow();
  copyFileSync(authority.caFile, caFile);
  expect(await ask(port, trusting())).toEqual(["hello", "server"]);
});

test.each<
  [string, (files: CertificateFiles & { readonly empty: string; readonly other: CertificateFiles }) => TlsFiles, RegExp]
>([
  [
    "is missing",
    ({ keyFile }) => ({ certFile: "/nowhere/cert.pem", keyFile }),
    /cannot read the certificate file.*\/nowhere\/cert\.pem/,
  ],
  ["has no key beside it", ({ certFile }) => ({ certFile, keyFile: undefined }), /belong together/],
  ["is no certificate", ({ empty, keyFile }) => ({ certFile: empty, keyFile }), /no PEM certificate.*empty\.pem/],
  ["has a key that is none", ({ certFile, empty }) => ({ certFile, keyFile: empty }), /no PEM private key.*empty\.pem/],
  [
    "has another's key",
    ({ certFile, other }) => ({ certFile, keyFile: other.keyFile }),
    /does not belong to the certificate in .*server\.pem.*other-key\.pem/,
  ],
  [
    "has an authority that is none",
    ({ certFile, keyFile, empty }) => ({ certFile, keyFile, trustedCaFile: empty }),
    /CA file holds no PEM certificate.*empty\.pem/,
  ],
])("a certificate that %s is refused with the name of the file", async (_name, pick, words) => {
  const { folder, authority, server } = await chain();
  const empty = join(folder, "empty.pem");
  writeFileSync(empty, "nothing");
  const files = pick({ ...server, empty, other: await authority.issue("other", []) });
  expect(() => new ServerTls(files, silentLogger)).toThrow(TlsFileError);
  expect(() => new ServerTls(files, silentLogger)).toThrow(words);
});

test("curl is served with a client certificate and refused without", async () => {
  const { authority, server } = await chain();
  const port = await serve({ ...server, trustedCaFile: authority.caFile, clientCertAuth: true });
  const own = await authority.issue("client", []);
  const url = `https://127.0.0.1:${String(port)}/`;
  const base = ["--silent", "--show-error", "--max-time", "5", "--cacert", authority.caFile];
  const { stdout } = await curl("curl", [...base, "--cert", own.certFile, "--key", own.keyFile, url]);
  expect(stdout).toBe("hello");
  await expect(curl("curl", [...base, url])).rejects.toThrow();
});
