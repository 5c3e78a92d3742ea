import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const files = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "*.ts"], { encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && !path.includes("/gen/"));
const product = files.filter((path) => path.startsWith("server/") || path.startsWith("operator/"));

test("the tidy test sees the modules", () => {
  expect(product.length).toBeGreaterThan(150);
});

test("dependency-cruiser sees the modules too: with a compiler it cannot load it would pass over none", () => {
  const report = execFileSync(
    "node_modules/.bin/depcruise",
    ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "server", "operator"],
    { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
  );
  const { summary } = JSON.parse(report) as { summary: { totalCruised: number } };
  expect(summary.totalCruised).toBeGreaterThanOrEqual(product.length);
});

test("every file is named in kebab-case and after what it holds", () => {
  const odd = product.filter((path) => !/^[a-z0-9-]+\.ts$/.test(path.split("/").at(-1) ?? ""));
  const vague = product.filter((path) => /\/(utils?|helpers?|common|misc|types|index)\.ts$/.test(path));
  expect([...odd, ...vague]).toEqual([]);
});

test("nothing is left to do without saying where, and no test is skipped", () => {
  const marks = /\b(TODO|FIXME|XXX)\b/;
  const skips = /\b(it|test|describe)\.(skip|todo|only)\(/;
  const found = files.filter((path) => {
    if (path === "test/unit/tidy.test.ts") return false;
    const text = readFileSync(path, "utf8");
    return marks.test(text) || (path.startsWith("test/") && skips.test(text));
  });
  expect(found).toEqual([]);
});

test("every file documents what it is for: its first function, class or constant that others use", () => {
  const bare = product.filter((path) => {
    const lines = readFileSync(path, "utf8").split("\n");
    const documented = lines.some((line, at) => line.startsWith("export ") && lines[at - 1]?.trim().endsWith("*/"));
    return lines.some((line) => line.startsWith("export ")) && !documented;
  });
  expect(bare).toEqual([]);
});
