import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Copies the data-driven test files of etcd's raft module into the conformance tests. Needs Go. */

const MODULE = "go.etcd.io/raft/v3";
const VERSION = "v3.6.0";
const FOLDERS = { quorum: "quorum/testdata", confchange: "confchange/testdata", interaction: "testdata" } as const;

const target = join(import.meta.dirname, "../test/conformance/raft-vectors/testdata");
const answer = execFileSync("go", ["mod", "download", "-json", `${MODULE}@${VERSION}`], { encoding: "utf8" });
const { Dir: source } = JSON.parse(answer) as { readonly Dir: string };

rmSync(target, { recursive: true, force: true });
let count = 0;
for (const [name, folder] of Object.entries(FOLDERS)) {
  mkdirSync(join(target, name), { recursive: true });
  for (const file of readdirSync(join(source, folder)).filter((each) => each.endsWith(".txt"))) {
    writeFileSync(join(target, name, file), readFileSync(join(source, folder, file)));
    count++;
  }
}
process.stdout.write(`${count} files of ${MODULE}@${VERSION}\n`);
