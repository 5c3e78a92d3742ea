import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../tools/cache-folder.ts";

/** A client of another language: what it is built with, and how its checks are run. */
export interface ClientProgram {
  readonly name: string;
  /** Commands that have to be on the PATH. */
  readonly needs: readonly string[];
  /** Downloads and builds what is missing, in the cache; a failure throws with what was printed. */
  readonly build: (cache: string) => void;
  readonly command: (cache: string) => readonly [program: string, ...args: string[]];
  readonly environment?: (cache: string) => Readonly<Record<string, string>>;
}

const here = import.meta.dirname;

/** All of them. The versions are those of the files beside. */
export const CLIENT_PROGRAMS: readonly ClientProgram[] = [
  {
    name: "go (go.etcd.io/etcd/client/v3)",
    needs: ["go"],
    build: (cache) => {
      const env = { GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
      run(["go", "build", "-trimpath", "-o", join(cache, "checks"), "."], join(here, "go"), env);
    },
    command: (cache) => [join(cache, "checks")],
  },
  {
    name: "java (jetcd-core)",
    needs: ["mvn", "java"],
    build: (cache) => {
      const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath";
      const maven = ["-B", "-q", `-Dbuild.folder=${cache}`, "compile", plugin];
      run(["mvn", ...maven, `-Dmdep.outputFile=${join(cache, "classpath")}`], join(here, "jetcd"));
    },
    command: (cache) => {
      const classpath = [join(cache, "classes"), readFileSync(join(cache, "classpath"), "utf8").trim()].join(":");
      return ["java", "-cp", classpath, "io.kvorum.ClientChecks"];
    },
  },
  {
    name: "python (etcd3)",
    needs: ["python3"],
    build: (cache) => {
      const requirements = join(here, "python/requirements.txt");
      const done = join(cache, "installed.txt");
      if (existsSync(done) && readFileSync(done, "utf8") === readFileSync(requirements, "utf8")) return;
      run(["python3", "-m", "venv", join(cache, "venv")], here);
      run([join(cache, "venv/bin/pip"), "install", "--quiet", "-r", requirements], here);
      copyFileSync(requirements, done);
    },
    command: (cache) => [join(cache, "venv/bin/python"), join(here, "python/checks.py")],
  },
  {
    name: "rust (etcd-client)",
    needs: ["cargo"],
    build: (cache) => {
      const env = { CARGO_TARGET_DIR: cache };
      const finder = ["--no-default-features", "--features", "protoc", "--bin", "protoc-path"];
      const protoc = run(["cargo", "run", "--quiet", "--locked", ...finder], join(here, "rust"), env).trim();
      run(["cargo", "build", "--quiet", "--locked", "--bin", "checks"], join(here, "rust"), { ...env, PROTOC: protoc });
    },
    command: (cache) => [join(cache, "debug/checks")],
  },
  {
    name: "node (npm etcd3)",
    needs: ["npm"],
    build: (cache) => {
      const manifest = readFileSync(join(here, "npm-etcd3/package.json"), "utf8");
      const copy = join(cache, "package.json");
      const isInstalled = existsSync(join(cache, "node_modules/etcd3")) && existsSync(copy);
      if (isInstalled && readFileSync(copy, "utf8") === manifest) return;
      writeFileSync(copy, manifest);
      run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cache);
    },
    command: () => [process.execPath, join(here, "npm-etcd3/checks.mjs")],
    environment: (cache) => ({ CHECK_MODULES: cache }),
  },
];

/** Where a program's downloads and builds are kept. */
export function cacheOf({ name }: ClientProgram): string {
  const folder = join(cacheFolder(), "clients", name.split(" ")[0] ?? name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const BUILD_TIMEOUT_MS = 15 * 60_000;

function run(command: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}): string {
  const [program = "", ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    timeout: BUILD_TIMEOUT_MS,
    maxBuffer: 64 << 20,
    env: { ...process.env, ...env },
  });
  if (status === 0) return stdout;
  throw new Error(`${command.join(" ")} failed:\n${stdout}${stderr}${error?.message ?? ""}`);
}
