import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { buildah } from "./buildah.ts";
import { imageFolder } from "./places.ts";

/** What stands for the public Node image where no registry of images is: Debian's packages and npm's Node. */
export const BASE_IMAGE = "localhost/kvorum-node:26";

const run = promisify(execFile);
const STEP_LIMIT_MS = 300_000;
const DEBIAN = "bookworm";
/** What Node and the launcher need, and a shell for whoever looks into a pod. */
const PACKAGES = "libstdc++6,libatomic1,netbase,dash,coreutils,findutils";
const NPM = "npm@11";
const DOCKERFILE = `FROM scratch
ADD debian.tar /
ADD npm.tgz /usr/local/lib/node_modules/
COPY node /usr/local/bin/node
RUN mv /usr/local/lib/node_modules/package /usr/local/lib/node_modules/npm && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
`;

/** Makes the base image unless it is there and of this Node; gives its name. */
export async function baseImage(log: (line: string) => void): Promise<string> {
  const stamp = `${DEBIAN} ${PACKAGES} ${NPM} ${process.version}\n${DOCKERFILE}`;
  const stampFile = join(imageFolder, "base.stamp");
  const isThere = existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isThere && (await buildah("images", "--quiet", "--filter", `reference=${BASE_IMAGE}`)) !== "") return BASE_IMAGE;
  log("making the base image: Debian's C++ library and Node");
  const context = join(imageFolder, "base");
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  await Promise.all([debian(join(context, "debian.tar")), npm(context)]);
  copyFileSync(process.execPath, join(context, "node"));
  writeFileSync(join(context, "Dockerfile"), DOCKERFILE);
  await buildah("bud", "--quiet", "--tag", BASE_IMAGE, context);
  rmSync(context, { recursive: true, force: true });
  writeFileSync(stampFile, stamp);
  return BASE_IMAGE;
}

async function debian(archive: string): Promise<void> {
  await run("mmdebstrap", ["--variant=extract", `--include=${PACKAGES}`, DEBIAN, archive], { timeout: STEP_LIMIT_MS });
}

/** npm as it is published: it holds all that it needs. */
async function npm(folder: string): Promise<void> {
  const { stdout } = await run("npm", ["pack", "--silent", NPM, "--pack-destination", folder], {
    timeout: STEP_LIMIT_MS,
  });
  copyFileSync(join(folder, stdout.trim()), join(folder, "npm.tgz"));
}
