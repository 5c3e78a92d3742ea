import { manifestKey } from "./backup-layout.ts";
import { JobError } from "./job-error.ts";
import { parseManifest, type Manifest } from "./manifest.ts";
import type { ObjectStore } from "./object-store.ts";

/** A manifest has about a thousand bytes; something larger is none. */
const MANIFEST_BYTES_MAX = 64 * 1024;

/** The manifest beside a snapshot; undefined if there is none. Something else in its place is a Foreign JobError. */
export async function storedManifest(store: ObjectStore, snapshot: string): Promise<Manifest | undefined> {
  const key = manifestKey(snapshot);
  const object = await store.head(key);
  if (!object) return undefined;
  const name = `${key} in ${store.description}`;
  if (object.size > MANIFEST_BYTES_MAX) throw foreign(name, `it has ${String(object.size)} bytes`);
  const parsed = parseManifest(new TextDecoder().decode(await store.read(key, 0, object.size)));
  if (parsed.kind === "Manifest") return parsed.manifest;
  throw foreign(name, parsed.reason);
}

function foreign(name: string, reason: string): JobError {
  return new JobError("Foreign", `${name} is no manifest of a backup: ${reason}`);
}
