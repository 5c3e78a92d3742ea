import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { promisify } from "node:util";

const run = promisify(execFile);
const COMMAND_LIMIT_MS = 30_000;
const OUTPUT_LIMIT_BYTES = 16 << 20;
/** npm would wait five minutes for one answer, longer than a build may take. */
const PATIENCE = ["fetch-timeout=30000", "fetch-retries=4", "fetch-retry-maxtimeout=10000"] as const;

/** What an image build takes over of the user's npm. */
export interface NpmSettings {
  readonly cache?: string | null;
  readonly registry?: string | null;
  readonly userconfig?: string | null;
  readonly cafile?: string | null;
}

/** Asks npm for its settings, all at once. */
export async function npmSettings(): Promise<NpmSettings> {
  const options = { timeout: COMMAND_LIMIT_MS, maxBuffer: OUTPUT_LIMIT_BYTES };
  return JSON.parse((await run("npm", ["config", "list", "--json"], options)).stdout) as NpmSettings;
}

/**
 * The user's own registry, credentials and authorities for npm inside an image build, written to a folder, as arguments
 * of the build. They are its secrets: no layer keeps them.
 */
export function npmSecrets(folder: string, { userconfig, registry, cafile }: NpmSettings): readonly string[] {
  const settings = [textOf(userconfig), `registry=${registry ?? ""}`, ...PATIENCE];
  const authorities = [cafile, process.env["NODE_EXTRA_CA_CERTS"]].map(textOf).filter((text) => text !== "");
  if (authorities.length === 0) return [secret(folder, "npmrc", settings)];
  // npm trusts either these or Node's own: so all of them.
  return [
    secret(folder, "npmrc", [...settings, "cafile=/run/secrets/ca"]),
    secret(folder, "ca", [...rootCertificates, ...authorities]),
  ];
}

function textOf(file: string | null | undefined): string {
  return typeof file === "string" && existsSync(file) ? readFileSync(file, "utf8") : "";
}

function secret(folder: string, id: string, lines: readonly string[]): string {
  const file = join(folder, id);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return `--secret=id=${id},src=${file}`;
}
