import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test("what `npm run generate` makes is what is committed", () => {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-generated-"));
  mkdirSync(join(folder, "docs"));
  execFileSync(process.execPath, ["--no-warnings", "tools/generate.ts", folder], { stdio: "pipe" });
  const generated = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  const drifted = generated.filter((path) => readFileSync(join(folder, path), "utf8") !== readFileSync(path, "utf8"));
  const kept = readdirSync("server/proto/gen").map((name) => join("server/proto/gen", name));
  rmSync(folder, { recursive: true });
  expect(drifted).toEqual([]);
  expect(kept.filter((path) => !generated.includes(path))).toEqual([]);
  expect(generated.length).toBeGreaterThan(10);
});
