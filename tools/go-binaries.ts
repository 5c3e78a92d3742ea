import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder } from "./cache-folder.ts";

/** Programs that are built together from the Go module proxy, in a go.mod of their own: the requirements of others would collide. */
export interface GoModule {
  readonly name: string;
  /** What `go get` is asked for, each as `path@version`. */
  readonly require: readonly string[];
  /** A module whose go.mod points at folders beside itself (`=> ./staging/…`); they are published as v0.<minor>.<patch>. */
  readonly staging?: string;
  readonly ldflags?: string;
  /** Build tags. */
  readonly tags?: string;
  /** Go files of our own, for the package ".". */
  readonly sources?: readonly string[];
  readonly builds: readonly GoProgram[];
}

/** One program: its file name, its package, and how long two cores take for it the first time. */
export interface GoProgram {
  readonly name: string;
  readonly path: string;
  readonly seconds: number;
}

/** The folder in which all programs end up. */
export function binFolder(): string {
  return join(cacheFolder(), "bin");
}

/** Builds what is missing or was built from other versions; gives the folder of the programs. */
export function goBinaries(modules: readonly GoModule[]): string {
  const waiting = modules
    .map((module) => ({ module, missing: module.builds.filter(({ name }) => isMissing(module, name)) }))
    .filter(({ missing }) => missing.length > 0);
  if (waiting.length === 0) return binFolder();
  requireGo();
  const seconds = waiting.flatMap(({ missing }) => missing).reduce((sum, program) => sum + program.seconds, 0);
  const names = waiting.flatMap(({ missing }) => missing.map(({ name }) => name)).join(", ");
  console.log(`building ${names} (once, kept in ${binFolder()}; about ${duration(seconds)} on two cores)`);
  const startMs = performance.now();
  for (const { module, missing } of waiting) build(module, missing);
  if (waiting.length > 1) console.log(`all built in ${since(startMs)}`);
  return binFolder();
}

/** The folder with the sources of one module, fetched if need be. */
export function goModuleSource(module: string): string {
  requireGo();
  const folder = join(cacheFolder(), "go");
  mkdirSync(folder, { recursive: true });
  return (JSON.parse(runGo(folder, ["mod", "download", "-json", module])) as { readonly Dir: string }).Dir;
}

/** What a program was built from, so that a changed version is built anew. */
function origin({ require, ldflags, tags = "", sources = [] }: GoModule): string {
  const built = tags === "" ? require : [...require, tags];
  return `${[...built, ldflags ?? "", ...sources.map((file) => readFileSync(file, "utf8"))].join("\n")}\n`;
}

function originFile(name: string): string {
  return join(cacheFolder(), "go", `${name}.origin`);
}

function isMissing(module: GoModule, name: string): boolean {
  if (!existsSync(join(binFolder(), name)) || !existsSync(originFile(name))) return true;
  return readFileSync(originFile(name), "utf8") !== origin(module);
}

/** An older Go than this cannot fetch the one that a module asks for, nor say so. */
const GO_MINOR_MIN = 21;

function requireGo(): void {
  const needed = "Go 1.24 or newer is needed to build programs from source: install it from https://go.dev/dl";
  let version: string;
  try {
    version = execFileSync("go", ["version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch (error) {
    throw new Error(needed, { cause: error });
  }
  const minor = /go1\.(\d+)/.exec(version)?.[1];
  if (Number(minor) < GO_MINOR_MIN) throw new Error(`${needed} (this one: ${version.trim()})`);
}

function build(module: GoModule, missing: readonly GoProgram[]): void {
  const source = join(cacheFolder(), "go", module.name);
  mkdirSync(source, { recursive: true });
  mkdirSync(binFolder(), { recursive: true });
  const go = (...args: readonly string[]): string => runGo(source, args);
  writeFileSync(join(source, "go.mod"), `module ${module.name}-tools\n\ngo 1.24.0\n`);
  if (module.staging !== undefined) go("mod", "edit", ...stagingReplacements(module.staging, go));
  for (const file of module.sources ?? []) copyFileSync(file, join(source, basename(file)));
  if (module.require.length > 0) {
    console.log(`  ${module.name}: reading its modules …`);
    go("get", ...module.require);
  }
  for (const { name, path, seconds } of missing) {
    const startMs = performance.now();
    console.log(`  ${name}: building (up to ${duration(seconds)}) …`);
    // Built beside its place and renamed, so that an interrupted build leaves nothing that looks finished.
    const fresh = join(binFolder(), `${name}.${String(process.pid)}.new`);
    const tags = module.tags === undefined ? [] : ["-tags", module.tags];
    go("build", "-trimpath", "-ldflags", module.ldflags ?? "-s -w", ...tags, "-o", fresh, path);
    renameSync(fresh, join(binFolder(), name));
    writeFileSync(originFile(name), origin(module));
    console.log(`  ${name}: built in ${since(startMs)}`);
  }
}

/** The `replace` lines which name the published release of every folder that the module's own go.mod points at. */
function stagingReplacements(staging: string, go: (...args: readonly string[]) => string): readonly string[] {
  const { GoMod: file } = JSON.parse(go("mod", "download", "-json", staging)) as { readonly GoMod: string };
  const version = staging.slice(staging.indexOf("@v1.") + "@v1.".length);
  const lines = readFileSync(file, "utf8").matchAll(/^\s*(?:replace )?(\S+) => \.\/staging\//gm);
  return Array.from(lines, ([, path = ""]) => `-replace=${path}=${path}@v0.${version}`);
}

function runGo(cwd: string, args: readonly string[]): string {
  return execFileSync("go", args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 16 << 20,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" },
  });
}

function since(startMs: number): string {
  return duration((performance.now() - startMs) / 1000);
}

function duration(seconds: number): string {
  return seconds < 90 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}
