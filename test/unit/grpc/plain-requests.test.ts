import { readFileSync } from "node:fs";
import { request as httpRequest, type RequestListener } from "node:http";
import { connect } from "node:http2";
import { request as httpsRequest } from "node:https";
import { credentials } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { ServerTls } from "../../../server/host/tls-files.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { checkHealth, serveHealth } from "../../support/health-server.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const onPlainRequest: RequestListener = (request, response) => {
  response.writeHead(200, { "Content-Type": "text/plain" });
  response.end(`${String(request.method)} ${String(request.url)} for ${String(request.headers.host)}`);
};

function overHttp2(url: string, ca?: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connect(url, ca ? { ca } : {});
    session.on("error", reject);
    const stream = session.request({ ":path": "/version" });
    let text = "";
    stream.setEncoding("utf8").on("data", (piece: string) => (text += piece));
    stream.on("end", () => {
      session.close();
      resolve(text);
    });
  });
}

function overHttp1(url: string, ca?: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith("https")
      ? httpsRequest(url, { ca, agent: false })
      : httpRequest(url, { agent: false });
    request.on("error", reject).on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve(text));
    });
    request.end();
  });
}

test("requests that are no calls are answered over HTTP/2, beside calls", async () => {
  const port = await serveHealth({ onPlainRequest });
  const host = `localhost:${String(port)}`;
  await checkHealth(port, credentials.createInsecure());
  expect(await overHttp2(`http://${host}`)).toBe(`GET /version for ${host}`);
  expect(await overHttp1(`http://${host}/version`)).toBe(`GET /version for ${host}`);
});

test("one port serves with TLS and without it", async () => {
  const authority = await TestAuthority.make(tempFolder(), "ca");
  const tls = new ServerTls(await authority.issue("server", ["localhost"]), silentLogger);
  const port = await serveHealth({ tls, alsoPlain: true, onPlainRequest });
  const host = `localhost:${String(port)}`;
  const ca = readFileSync(authority.caFile);
  await checkHealth(port, credentials.createInsecure());
  await checkHealth(port, credentials.createSsl(ca));
  for (const [scheme, trusted] of [["http"], ["https", ca]] as const) {
    expect(await overHttp1(`${scheme}://${host}/version`, trusted)).toBe(`GET /version for ${host}`);
    expect(await overHttp2(`${scheme}://${host}`, trusted)).toBe(`GET /version for ${host}`);
  }
});
