import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./lifetime.ts";

/** A real folder that is gone once the test, or whatever it was made for, has finished. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kvorum-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
