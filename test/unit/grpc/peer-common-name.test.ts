import { readFileSync } from "node:fs";
import { credentials } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { ServerTls } from "../../../server/host/tls-files.ts";
import { TestAuthority, type CertificateFiles } from "../../support/certificates.ts";
import { checkHealth, serveHealth } from "../../support/health-server.ts";
import { silentLogger } from "../../support/peer-member.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Serves over TLS, or not; notes the common names of callers. */
async function serve(tls: ServerTls | undefined) {
  const names: (string | undefined)[] = [];
  const port = await serveHealth({ tls, onCheck: (call) => names.push(call.peerCommonName()) });
  return { port, names };
}

function channelOf(caFile: string, client?: CertificateFiles) {
  const ca = readFileSync(caFile);
  return client
    ? credentials.createSsl(ca, readFileSync(client.keyFile), readFileSync(client.certFile))
    : credentials.createSsl(ca);
}

test("a caller's certificate says its common name, over TLS with client certificates alone", async () => {
  const authority = await TestAuthority.make(tempFolder(), "good");
  const server = await authority.issue("server", ["127.0.0.1", "localhost"]);
  const alice = await authority.issue("client", ["127.0.0.1"], "alice");

  const mutual = await serve(
    new ServerTls({ ...server, trustedCaFile: authority.caFile, clientCertAuth: true }, silentLogger),
  );
  await checkHealth(mutual.port, channelOf(authority.caFile, alice));
  expect(mutual.names).toEqual(["alice"]);

  const oneSided = await serve(new ServerTls(server, silentLogger));
  await checkHealth(oneSided.port, channelOf(authority.caFile));
  expect(oneSided.names).toEqual([undefined]);

  const plain = await serve(undefined);
  await checkHealth(plain.port, credentials.createInsecure());
  expect(plain.names).toEqual([undefined]);
});
