import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** Runs the server until it ends, which it has to by itself. */
function start(dataDir: string, ...flags: readonly string[]) {
  const args = ["--no-warnings", "server/cli/etcd-main.ts", "--data-dir", dataDir, ...flags];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 120_000 });
  const last = stderr.trim().split("\n").at(-1) ?? "";
  return { status, stderr, last };
}

const anyPorts = [
  "--listen-client-urls=http://127.0.0.1:0",
  "--advertise-client-urls=http://127.0.0.1:1",
  "--listen-peer-urls=http://127.0.0.1:0",
  "--initial-advertise-peer-urls=http://127.0.0.1:1",
  "--initial-cluster=default=http://127.0.0.1:1",
];

/** Every file below a folder with a hash of its content. */
function contents(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .toSorted()
    .filter(
      (name) =>
        statSync(join(folder, name)).isFile() &&
        !name.includes("lock/") &&
        !/store-\w+\/(LOG|LOCK|MANIFEST|CURRENT|\d+\.(log|ldb))/.test(name),
    )
    .map(
      (name) =>
        `${name} ${createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex")}`,
    )
    .join("\n");
}

test.each([
  ["an unknown flag", ["--no-such-flag"], 2, /no-such-flag/],
  ["a bad value", ["--heartbeat-interval=soon"], 2, /heartbeat-interval/],
  ["an argument that is no flag", ["serve"], 1, /not a valid flag/],
  [
    "listening for clients without saying where they find it",
    ["--listen-client-urls=http://127.0.0.1:0"],
    1,
    /advertise-client-urls/,
  ],
  ["a name that the cluster does not have", [...anyPorts, "--name=other"], 1, /other/],
  [
    "a certificate that is not there",
    [
      ...anyPorts.slice(1),
      "--listen-client-urls=https://127.0.0.1:0",
      "--cert-file=/nonexistent/cert.pem",
      "--key-file=/nonexistent/key.pem",
    ],
    1,
    /\/nonexistent\/cert\.pem/,
  ],
  [
    "a discovery service that speaks another protocol",
    [...anyPorts, "--initial-cluster=", "--discovery=ftp://127.0.0.1:1/token"],
    1,
    /invalid URL .*ftp:.*--discovery has to begin with http/,
  ],
])("%s ends the start with one line that says so", async (_, flags, status, line) => {
  const folder = tempFolder();
  const ended = start(join(folder, "data"), ...flags);
  expect(ended.status).toBe(status);
  expect(ended.stderr).toMatch(line);
  expect(ended.stderr).not.toMatch(/^\s+at /m);
});

test("a used port is named, and no data dir is left behind", async () => {
  const folder = tempFolder();
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
  const ended = start(
    join(folder, "data"),
    ...anyPorts.slice(1),
    `--listen-client-urls=http://127.0.0.1:${String(port)}`,
  );
  server.close();
  expect(ended.status).toBe(1);
  expect(ended.last).toContain(`127.0.0.1:${String(port)}`);
  expect(readdirSync(folder)).toEqual([]);
});

test("etcd's own data dir is refused with what to do, and stays as it is", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "member/snap"), { recursive: true });
  mkdirSync(join(folder, "member/wal"), { recursive: true });
  writeFileSync(join(folder, "member/snap/db"), "a bbolt database");
  const before = contents(folder);
  const ended = start(folder, ...anyPorts);
  expect(ended.status).toBe(1);
  expect(ended.last).toMatch(/written by etcd.*snapshot restore/);
  expect(contents(folder)).toBe(before);
});

test("a data dir of a newer release is refused", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "member"), { recursive: true });
  writeFileSync(join(folder, "member/format"), "999\n");
  const ended = start(folder, ...anyPorts);
  expect(ended.status).toBe(1);
  expect(ended.last).toMatch(/format 999.*newer release/);
});

test("a data dir that another process has open is refused", async () => {
  const folder = tempFolder();
  await startKvorum(folder);
  const ended = start(folder, ...anyPorts);
  expect(ended.status).toBe(1);
  expect(ended.last).toContain("held by another process");
});

test("a damaged log names its file and offset, and nothing is overwritten", async () => {
  const folder = tempFolder();
  const running = await startKvorum(folder);
  for (let i = 0; i < 20; i++) running.etcdctl("put", `key${String(i)}`, "value".repeat(50));
  await running.stop();
  const wal = join(folder, "member/wal");
  const segment = join(wal, readdirSync(wal).find((name) => name.endsWith(".wal")) ?? "");
  const bytes = readFileSync(segment);
  // In the middle of what was written, with more records behind it: no torn tail.
  const at = bytes.indexOf("valuevalue");
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  writeFileSync(segment, bytes);
  const before = contents(folder);
  const ended = start(folder, ...anyPorts);
  expect(ended.status).toBe(1);
  expect(ended.last).toContain(segment);
  expect(ended.last).toMatch(/offset \d+/);
  expect(contents(folder)).toBe(before);
});
