import { spawn } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { Cluster } from "../../support/cluster.ts";
import { serverBinary } from "../../support/server-binary.ts";
import { repositoryRoot } from "../../../tools/repository-root.ts";
import { InstalledPackage } from "./installed-package.ts";

let installed: InstalledPackage;

beforeAll(() => {
  installed = InstalledPackage.make();
  return () => installed.remove();
});

async function clusterOf(server: string): Promise<Cluster> {
  const cluster = await Cluster.create({ binary: serverBinary(server), size: 3 });
  onTestFinished(() => cluster.destroy());
  await cluster.start();
  return cluster;
}

/** The programs in a text; those that need what a test has not are only checked for their types. */
function examplesIn(markdown: string): readonly { readonly isRun: boolean; readonly text: string }[] {
  return [...markdown.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)].map(([, mark, text = ""]) => ({
    isRun: mark === undefined,
    text,
  }));
}

const TEXTS = ["server/client/README.md", "docs/client.md"];
const EXAMPLES = TEXTS.flatMap((path) => examplesIn(readFileSync(join(repositoryRoot, path), "utf8")));

test("the package is what npm users expect, and nothing else of Kvorum", () => {
  expect(installed.manifest).toMatchObject({ name: "@kvorum/client", license: "Apache-2.0", type: "module" });
  expect(installed.files).toEqual(expect.arrayContaining(["README.md", "LICENSE", "index.js", "index.d.ts"]));
  const odd = installed.files.filter(
    (path) => /\.test\.|(^|\/)(raft|mvcc|node|cli)\//.test(path) || /[^d]\.ts$/.test(path),
  );
  expect(odd).toEqual([]);
});

test("the examples have the types that the package declares", () => {
  expect(EXAMPLES.length).toBeGreaterThan(6);
  for (const [at, { text }] of EXAMPLES.entries()) installed.write(`example-${String(at)}.ts`, text);
  installed.checkTypes();
});

test.each(["source", "etcd"])("every example runs against %s", async (server) => {
  const cluster = await clusterOf(server);
  const [first = "", ...rest] = cluster.endpointsFlag.split(",");
  for (const [at, { isRun, text }] of EXAMPLES.entries()) {
    if (!isRun) continue;
    const here = text
      .replaceAll("127.0.0.1:2379", first)
      .replaceAll("127.0.0.1:22379", rest[0] ?? "")
      .replaceAll("127.0.0.1:32379", rest[1] ?? "");
    installed.write(`run-${String(at)}.ts`, here);
    expect([text, installed.run(`run-${String(at)}.ts`)]).toEqual([text, expect.stringMatching(/\S/)]);
  }
});

test.each(["source", "etcd"])(
  "watch, lease and locks of a program outlive a member of %s that is killed under them",
  async (server) => {
    const cluster = await clusterOf(server);
    copyFileSync(join(import.meta.dirname, "enduring-client.mjs"), join(installed.folder, "enduring-client.mjs"));
    const child = spawn(process.execPath, ["--no-warnings", join(installed.folder, "enduring-client.mjs")], {
      env: { ...process.env, ENDPOINTS: cluster.endpointsFlag },
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    child.stdout.setEncoding("utf8");
    let text = "";
    for await (const piece of child.stdout as AsyncIterable<string>) {
      // The client is connected to the first endpoint.
      if (text === "") await cluster.member(0).kill();
      text += piece;
    }
    expect(text.trim().split("\n")).toEqual([
      "ready",
      JSON.stringify({ isInOrder: true, isLeaseAlive: true, wasHeld: true, isSecondGiven: true }),
    ]);
  },
);
