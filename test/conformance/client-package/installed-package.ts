import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClientPackage } from "../../../tools/client-package.ts";
import { repositoryRoot } from "../../../tools/repository-root.ts";

/** A project of a user's: an empty folder into which the packed client was installed with plain npm. */
export class InstalledPackage {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static make(): InstalledPackage {
    const folder = mkdtempSync(join(tmpdir(), "kvorum-client-package-"));
    const [source, packed, project] = ["source", "packed", "project"].map((name) => join(folder, name));
    if (source === undefined || packed === undefined || project === undefined)
      throw new Error("three names make three paths");
    buildClientPackage(source);
    mkdirSync(packed);
    mkdirSync(project);
    const npm = (...args: readonly string[]): void => {
      execFileSync("npm", [...args, "--silent", "--no-audit", "--no-fund"], { cwd: project, stdio: "pipe" });
    };
    npm("pack", source, "--pack-destination", packed);
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
    // What this repository itself has installed is in npm's cache: no network is needed where it is.
    npm("install", "--prefer-offline", ...readdirSync(packed).map((name) => join(packed, name)));
    return new InstalledPackage(project);
  }

  /** The files of the package as a user has them. */
  get files(): readonly string[] {
    return readdirSync(join(this.folder, "node_modules/@kvorum/client"), { recursive: true, encoding: "utf8" });
  }

  get manifest(): Readonly<Record<string, unknown>> {
    return JSON.parse(readFileSync(join(this.folder, "node_modules/@kvorum/client/package.json"), "utf8")) as Readonly<
      Record<string, unknown>
    >;
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, text);
    return path;
  }

  /** Checks the types of all files written so far, as strictly as there is, the package's declarations included. */
  checkTypes(): void {
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "esnext.disposable"],
      types: ["node"],
      typeRoots: [join(repositoryRoot, "node_modules/@types")],
    };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    const tsc = join(repositoryRoot, "node_modules/.bin/tsc");
    try {
      execFileSync(tsc, ["-p", "tsconfig.json"], { cwd: this.folder, encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      throw new Error(`the types do not fit:\n${String((error as { stdout?: string }).stdout)}`, { cause: error });
    }
  }

  /** Runs a program of the project to its end and returns what it printed. */
  run(name: string): string {
    const file = join(this.folder, name);
    return execFileSync(process.execPath, ["--no-warnings", file], {
      encoding: "utf8",
      timeout: 120_000,
      stdio: "pipe",
    });
  }

  remove(): void {
    rmSync(join(this.folder, ".."), { recursive: true, force: true });
  }
}
