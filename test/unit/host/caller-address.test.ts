import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { callerRefusal, type NameService } from "../../../server/host/caller-address.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const names: NameService = {
  namesOf: async (address) => (address === "10.0.0.9" ? ["nine.example.com."] : Promise.reject(new Error("NXDOMAIN"))),
  addressesOf: async (name) => (name === "seven.example.com" ? ["10.0.0.7"] : Promise.reject(new Error("NXDOMAIN"))),
};

test.each([
  ["no names at all", [], "10.0.0.1", undefined],
  ["the address", ["10.0.0.1"], "10.0.0.1", undefined],
  ["another address", ["10.0.0.2"], "10.0.0.1", "x509: certificate is valid for 10.0.0.2, not 10.0.0.1"],
  ["a name that leads to the address", ["10.0.0.2", "seven.example.com"], "10.0.0.7", undefined],
  ["the name that the address has", ["nine.example.com"], "10.0.0.9", undefined],
  ["a pattern for the name that the address has", ["*.example.com"], "10.0.0.9", undefined],
  [
    "only names of others",
    ["a.example.com", "*.example.org"],
    "10.0.0.9",
    'tls: "10.0.0.9" does not match any of DNSNames ["a.example.com" "*.example.org"]',
  ],
])("a certificate with %s, shown from an address", async (_what, hosts, address, refusal) => {
  const authority = await TestAuthority.make(tempFolder(), "good");
  const { certFile } = await authority.issue("caller", hosts);
  expect(await callerRefusal(new X509Certificate(readFileSync(certFile)), address, names)).toBe(refusal);
});
