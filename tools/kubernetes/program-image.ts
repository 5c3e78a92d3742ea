import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { binFolder } from "../go-binaries.ts";
import { imageFolder } from "./places.ts";

/** The images that hold one static program each, by the program's name. */
export const PAUSE_IMAGE = "localhost/pause:1";
export const COREDNS_IMAGE = "localhost/coredns:1";
/** An S3 server over a directory, for those who test backups. */
export const S3_GATEWAY_IMAGE = "localhost/versitygw:1";

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** An archive, as `docker save` writes it, of an image that holds nothing but one of our programs; made once. */
export function programImage(program: string, image: string): string {
  const archive = join(imageFolder, `${program}.tar`);
  const binary = join(binFolder(), program);
  if (existsSync(archive) && isNewer(archive, binary)) return archive;
  mkdirSync(imageFolder, { recursive: true });
  const work = mkdtempSync(join(imageFolder, `${program}-`));
  try {
    tar(work, "layer.tar", [binary]);
    const layer = createHash("sha256")
      .update(readFileSync(join(work, "layer.tar")))
      .digest("hex");
    const config = {
      architecture: ARCHITECTURES[process.arch] ?? process.arch,
      os: "linux",
      config: { Entrypoint: [`/${program}`], User: "65532:65532" },
      rootfs: { type: "layers", diff_ids: [`sha256:${layer}`] },
    };
    writeFileSync(join(work, "config.json"), JSON.stringify(config));
    const manifest = [{ Config: "config.json", RepoTags: [image], Layers: ["layer.tar"] }];
    writeFileSync(join(work, "manifest.json"), JSON.stringify(manifest));
    tar(
      work,
      "image.tar",
      ["manifest.json", "config.json", "layer.tar"].map((file) => join(work, file)),
    );
    renameSync(join(work, "image.tar"), archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return archive;
}

/** An archive of these files under their own names, owned by root. */
function tar(folder: string, archive: string, files: readonly string[]): void {
  const members = files.flatMap((file) => ["-C", dirname(file), basename(file)]);
  execFileSync("tar", ["--owner=0", "--group=0", "--numeric-owner", "-cf", join(folder, archive), ...members]);
}

function isNewer(file: string, than: string): boolean {
  return statSync(file).mtimeMs > statSync(than).mtimeMs;
}
