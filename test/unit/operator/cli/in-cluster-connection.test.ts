import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inClusterConnection } from "../../../../operator/cli/in-cluster-connection.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kvorum-service-account-"));
  for (const [file, text] of [
    ["namespace", "kvorum-system\n"],
    ["token", "one\n"],
    ["ca.crt", "CA"],
  ] as const) {
    writeFileSync(join(folder, file), text);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const inPod = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

test.each([
  ["10.96.0.1", "https://10.96.0.1:443"],
  ["fd00::1", "https://[fd00::1]:443"],
])("in a pod the API server is at %s: %s, and the service account logs in", async (host, server) => {
  const connection = await inClusterConnection({ ...inPod, KUBERNETES_SERVICE_HOST: host }, folder);
  expect(connection).toMatchObject({ server, namespace: "kvorum-system" });
  expect(await connection!.credentials()).toEqual({ headers: { Authorization: "Bearer one" }, tls: { ca: "CA" } });
});

test("outside of a pod there is none", async () => {
  expect(await inClusterConnection({}, folder)).toBeUndefined();
});

test("the token is read again every minute, and the old one goes on where that fails", async () => {
  const connection = await inClusterConnection(inPod, folder);
  const token = async () => (await connection!.credentials()).headers["Authorization"];
  const now = vi.spyOn(performance, "now").mockReturnValue(0);
  expect(await token()).toBe("Bearer one");
  writeFileSync(join(folder, "token"), "two");
  now.mockReturnValue(59_999);
  expect(await token()).toBe("Bearer one");
  now.mockReturnValue(60_000);
  expect(await token()).toBe("Bearer two");
  rmSync(join(folder, "token"));
  now.mockReturnValue(120_000);
  expect(await token()).toBe("Bearer two");
});

test("a pod without a token says what it needs", async () => {
  rmSync(join(folder, "token"));
  const connection = await inClusterConnection(inPod, folder);
  await expect(connection!.credentials()).rejects.toThrow(
    /token cannot be read: the pod needs its service account's token/,
  );
  writeFileSync(join(folder, "token"), "late");
  expect(await connection!.credentials()).toMatchObject({ headers: { Authorization: "Bearer late" } });
});
