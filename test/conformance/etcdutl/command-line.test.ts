import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { ours, theirs } from "./both-tools.ts";

test.each([
  ["hashkv"],
  ["hashkv", "a", "b"],
  ["hashkv", "/nowhere/file"],
  ["hashkv", "--rev", "x", "file"],
  ["hashkv", "--rev", "99999999999999999999", "file"],
  ["hashkv", "--bogus", "file"],
  ["defrag"],
  ["migrate"],
  ["migrate", "--data-dir", "/nowhere"],
  ["migrate", "--data-dir", "/nowhere", "--target-version", "3"],
  ["migrate", "--data-dir", "/nowhere", "--target-version", "3.6.1"],
  ["migrate", "--data-dir", "/nowhere", "--target-version", "3.x"],
  ["migrate", "--data-dir", "/nowhere", "--target-version", "3.4"],
  ["completion"],
  ["completion", "tcsh"],
  ["snapshot", "status"],
  ["snapshot", "restore"],
  ["snapshot", "restore", "a", "--bump-revision", "3"],
  ["snapshot", "restore", "a", "--mark-compacted"],
  ["nothing"],
])("both tools refuse %j in the same words and with the same code", (...args) => {
  const refused = ours(...args.flat());
  expect(refused.status).not.toBe(0);
  expect(refused).toEqual(theirs(...args.flat()));
});

test("a data dir that is not there is told by the file that is missing in it", () => {
  const missing = /^Error: (.*\()?stat \/nowhere\/member\/[a-z/]+: no such file or directory\)?$/;
  for (const args of [
    ["defrag", "--data-dir", "/nowhere"],
    ["migrate", "--data-dir", "/nowhere", "--target-version", "3.6"],
  ]) {
    for (const { status, error } of [ours(...args), theirs(...args)]) {
      expect(status).toBe(1);
      expect(error).toMatch(missing);
    }
  }
});

/** The long flags that a help text lists. */
function flagsOf(help: string): readonly string[] {
  return [...help.matchAll(/^\s+(?:-\w, )?--([a-z-]+)/gm)].map(([, name = ""]) => name).toSorted();
}

test.each([
  [[]],
  [["hashkv"]],
  [["defrag"]],
  [["migrate"]],
  [["version"]],
  [["completion"]],
  [["snapshot", "restore"]],
])("the help of %j names all flags of etcd's", (args) => {
  const own = ours(...args, "--help");
  expect(own.status).toBe(0);
  const global = args.length === 0 ? [] : ["write-out"];
  expect([...flagsOf(own.stdout), ...global].toSorted()).toEqual(flagsOf(theirs(...args, "--help").stdout));
  expect(ours("help", ...args).stdout).toBe(own.stdout);
});

test("the version begins with what etcd's tool says", () => {
  expect(ours("version").stdout.startsWith(theirs("version").stdout)).toBe(true);
});

test("a beginning that only one command has stands for it", () => {
  expect(ours("ver")).toEqual(ours("version"));
  expect(ours("snap", "stat", "/nowhere")).toEqual(ours("snapshot", "status", "/nowhere"));
});

/** What bash offers after these words. */
function offered(script: string, ...words: readonly string[]): readonly string[] {
  const file = join(tempFolder(), "completion.bash");
  writeFileSync(file, script);
  const program = `source ${file}; COMP_WORDS=(etcdutl ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${String(words.length)}; _etcdutl; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", program], { encoding: "utf8" }).trim().split("\n").toSorted();
}

test("bash completes commands and flags as etcd's script does", () => {
  const script = ours("completion", "bash").stdout;
  expect(offered(script, "")).toEqual(
    expect.arrayContaining(["completion", "defrag", "hashkv", "migrate", "snapshot", "version"]),
  );
  expect(offered(script, "snapshot", "re")).toEqual(["restore"]);
  expect(offered(script, "snapshot", "restore", "--b")).toEqual(["--bump-revision"]);
  expect(offered(script, "migrate", "--t")).toEqual(["--target-version"]);
  expect(offered(script, "completion", "f")).toEqual(["fish"]);
});

test.each(["bash", "zsh", "fish", "powershell"])("there is a script for %s that names every command", (shell) => {
  const { status, stdout } = ours("completion", shell);
  expect(status).toBe(0);
  for (const name of ["hashkv", "defrag", "migrate", "restore", "target-version"]) expect(stdout).toContain(name);
});
