import { execFile } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { promisify } from "node:util";

const run = promisify(execFile);
const COMMAND_LIMIT_MS = 30_000;
/** npm would wait five minutes for one answer, longer than a build may take. */
const PATIENCE = ["fetch-timeout=30000", "fetch-retries=4", "fetch-retry-maxtimeout=10000"] as const;

/**
 * The user's own registry, credentials and authorities for npm inside an image build, written to a folder, as arguments
 * of the build. They are its secrets: no layer keeps them.
 */
export async function npmSecrets(folder: string): Promise<readonly string[]> {
  const settings = [await userSettings(), `registry=${(await npmConfig("registry")) ?? ""}`, ...PATIENCE];
  const authorities = [await npmConfig("cafile"), process.env["NODE_EXTRA_CA_CERTS"]]
    .map(textOf)
    .filter((text) => text !== "");
  const secrets = [
    secret(folder, "npmrc", [...settings, ...(authorities.length > 0 ? ["cafile=/run/secrets/ca"] : [])]),
  ];
  // npm trusts these only, or Node's own only: so all of them.
  if (authorities.length > 0) secrets.push(secret(folder, "ca", [...rootCertificates, ...authorities]));
  return secrets;
}

/** One setting of the user's npm; undefined if it has no value. */
export async function npmConfig(name: string): Promise<string | undefined> {
  const { stdout } = await run("npm", ["config", "get", name], { timeout: COMMAND_LIMIT_MS });
  return ["undefined", "null", ""].includes(stdout.trim()) ? undefined : stdout.trim();
}

async function userSettings(): Promise<string> {
  return textOf(await npmConfig("userconfig"));
}

function textOf(file: string | undefined): string {
  return file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "";
}

function secret(folder: string, id: string, lines: readonly string[]): string {
  const file = join(folder, id);
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return `--secret=id=${id},src=${file}`;
}
