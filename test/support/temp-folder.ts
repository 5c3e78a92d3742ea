import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A real folder that is gone once the test has finished. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
