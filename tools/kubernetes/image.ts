import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../repository-root.ts";
import { baseImage } from "./base-image.ts";
import { buildah, forgetManyLayers } from "./buildah.ts";
import { npmSecrets, npmSettings } from "./npm-secrets.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { imageFolder } from "./places.ts";
import { requirePackages } from "./packages.ts";
import { requireRootOnLinux } from "./require-root.ts";

/** The image of this checkout. */
export const KVORUM_IMAGE = "localhost/kvorum:dev";
const archive = join(imageFolder, "kvorum.tar");
const idFile = join(imageFolder, "kvorum.id");

/** From what to build, and whom to tell. */
export interface ImageOptions {
  /** This checkout, unless another is named: one that nobody edits meanwhile. */
  readonly folder?: string;
  readonly log?: (line: string) => void;
}

/** Builds the project's image by its Dockerfile and gives the archive; only what has changed is built again. */
export async function buildImage(options: ImageOptions = {}): Promise<string> {
  requireRootOnLinux();
  requirePackages();
  return oneAtATime("images", () => build(options));
}

async function build({ folder = repositoryRoot, log = console.log }: ImageOptions): Promise<string> {
  const startMs = performance.now();
  forgetManyLayers();
  const base = await baseImage(log);
  const work = mkdtempSync(join(imageFolder, "kvorum-"));
  try {
    const npm = await npmSettings();
    const cache = npm.cache ?? "";
    await buildah(
      "bud",
      "--layers",
      "--pull-never",
      `--build-arg=BASE=${base}`,
      ...npmSecrets(work, npm),
      // What `npm install` fetched for this checkout is not fetched again; an overlay keeps the user's cache as it is.
      ...(existsSync(cache) ? [`--volume=${cache}:/var/cache/npm:O`] : []),
      `--tag=${KVORUM_IMAGE}`,
      folder,
    );
    await writeArchive(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  log(`built ${KVORUM_IMAGE} in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  return archive;
}

/** Which image the tag means since the last build. */
export function builtImageId(): string {
  return readFileSync(idFile, "utf8").trim();
}

/** Writes the archive, unless it holds this very image. */
async function writeArchive(work: string): Promise<void> {
  const id = await buildah("images", "--quiet", "--no-trunc", KVORUM_IMAGE);
  if (existsSync(archive) && existsSync(idFile) && readFileSync(idFile, "utf8") === id) return;
  const fresh = join(work, "image.tar");
  await buildah("push", KVORUM_IMAGE, `docker-archive:${fresh}:${KVORUM_IMAGE}`);
  renameSync(fresh, archive);
  writeFileSync(idFile, id);
}
