import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { connect, type ConnectionOptions } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { SharedListener } from "../../../server/grpc/shared-listener.ts";
import { clientTls, ServerTls, type TlsFiles } from "../../../server/host/tls-files.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { waitUntil } from "../../support/wait-until.ts";

/** A port that answers every line with "hello"; `rejections` says whom it sent away and why. */
async function listen(files: TlsFiles): Promise<{ readonly port: number; readonly rejections: string[] }> {
  const rejections: string[] = [];
  const listener = new SharedListener(
    {
      http1: (socket) => socket.end("hello"),
      http2: (socket) => socket.destroy(),
      onRejected: (error) => rejections.push(error.message),
    },
    new ServerTls(files, silentLogger),
  );
  await listener.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => {
    listener.stopAccepting();
    listener.destroyConnections();
  });
  return { port: listener.port(), rejections };
}

/** The answer to one line and the protocol it came over; rejects if there is none. */
function ask(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", ...options });
    let text = "";
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\n\r\n"));
    socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
    socket.on("error", reject);
    socket.on("close", () => (text === "" ? reject(new Error("hung up")) : resolve(text)));
  });
}

async function world() {
  const folder = tempFolder();
  const authority = await TestAuthority.make(folder, "good");
  const trusted = { trustedCaFile: authority.caFile };
  const server = { ...(await authority.issue("server", ["127.0.0.1", "localhost"])), ...trusted };
  const caller = async (name: string, hosts: readonly string[], rules: Partial<TlsFiles> = {}) => {
    const own = await authority.issue(name, hosts);
    return clientTls({ ...own, ...trusted, ...rules }, silentLogger);
  };
  return { folder, authority, server, caller };
}

test("only callers whose certificate has one of the allowed common names are served", async () => {
  const { server, caller } = await world();
  const { port, rejections } = await listen({ ...server, allowedCommonNames: ["alice", "bob"] });
  expect(await ask(port, (await caller("bob", []))())).toBe("hello");
  await expect(ask(port, (await caller("eve", []))())).rejects.toThrow();
  expect(rejections).toEqual(["client certificate authentication failed"]);
});

test.each([
  ["a host", "one.example.com"],
  ["an address", "10.1.1.1"],
])("only callers whose certificate names %s that is allowed are served", async (_what, allowed) => {
  const { server, caller } = await world();
  const { port, rejections } = await listen({ ...server, allowedHostnames: ["nobody.example.com", allowed] });
  expect(await ask(port, (await caller("named", [allowed]))())).toBe("hello");
  await expect(ask(port, (await caller(allowed, ["two.example.com"]))())).rejects.toThrow();
  expect(rejections).toEqual(["client certificate authentication failed"]);
});

test("a member that calls demands the allowed names of whom it calls, who learns that it was refused", async () => {
  const { server, caller } = await world();
  const { port, rejections } = await listen(server);
  const strict = await caller("strict", [], { allowedCommonNames: ["somebody"] });
  await expect(ask(port, strict())).rejects.toThrow("client certificate authentication failed");
  await waitUntil("a rejection", () => rejections[0]);
  expect(rejections[0]).toContain("remote error: tls: bad certificate");
});

test("a caller whose certificate nobody vouches for is refused, and the log says why", async () => {
  const { server } = await world();
  const { port, rejections } = await listen(server);
  const stranger = await TestAuthority.make(tempFolder(), "stranger");
  const own = { ...(await stranger.issue("caller", [])), trustedCaFile: server.trustedCaFile };
  await expect(ask(port, clientTls(own, silentLogger)())).rejects.toThrow();
  expect(rejections).toEqual([expect.stringContaining("failed to verify certificate")]);
});

test("a revoked certificate is refused from the moment that the list says so; without the list nobody gets in", async () => {
  const { folder, authority, server, caller } = await world();
  const crlFile = join(folder, "revoked.crl");
  await authority.revoke(crlFile, []);
  const { port, rejections } = await listen({ ...server, crlFile });
  const good = await caller("fine", []);
  const bad = await caller("bad", []);
  expect(await ask(port, bad())).toBe("hello");
  const list = join(folder, "new.crl");
  await authority.revoke(list, [{ certFile: join(folder, "bad.pem"), keyFile: "" }]);
  copyFileSync(list, crlFile);
  await expect(ask(port, bad())).rejects.toThrow();
  expect(await ask(port, good())).toBe("hello");
  rmSync(crlFile);
  await expect(ask(port, good())).rejects.toThrow();
  expect(rejections[0]).toMatch(/^transport: certificate serial [0-9a-f]+ revoked$/);
  expect(rejections[1]).toMatch(/cannot read the list of revoked certificates .*revoked\.crl/);
});

test("a caller's certificate has to fit the address it calls from, where that is asked", async () => {
  const { server, caller } = await world();
  const { port, rejections } = await listen({ ...server, checksCallerAddress: true });
  expect(await ask(port, (await caller("here", ["127.0.0.1"]))())).toBe("hello");
  await expect(ask(port, (await caller("elsewhere", ["10.0.0.1"]))())).rejects.toThrow();
  expect(rejections).toEqual(["x509: certificate is valid for 10.0.0.1, not 127.0.0.1"]);
});

test("only the cipher suites and versions that were asked for are spoken", async () => {
  const { server, caller } = await world();
  const ciphers = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-RC4-SHA"];
  const { port } = await listen({ ...server, ciphers, maxVersion: "TLSv1.2" });
  const speak = async (protocol: Partial<TlsFiles>) => ask(port, (await caller("caller", [], protocol))());
  expect(await speak({})).toBe("hello");
  expect(await speak({ ciphers: ["ECDHE-ECDSA-AES256-GCM-SHA384"] })).toBe("hello");
  await expect(speak({ ciphers: ["ECDHE-ECDSA-AES128-GCM-SHA256"] })).rejects.toThrow(/handshake failure/);
  await expect(speak({ minVersion: "TLSv1.3" })).rejects.toThrow(/protocol version/);
});
