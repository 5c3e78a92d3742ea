import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KVORUM_VERSION } from "../server/base/versions.ts";
import { repositoryRoot } from "./repository-root.ts";

/**
 * `node tools/client-package.ts`, and the last step of `npm run build`: makes the npm package @kvorum/client of server/client,
 * ready for `npm pack` and `npm publish`, in dist/packages/client.
 */
const SERVER = join(repositoryRoot, "server");

/** What the package's main module exports: of each module all, or the names that are for users. */
const EXPORTS: Readonly<Record<string, readonly string[] | "all">> = {
  "client/client": "all",
  "client/calls": ["type CallOptions", "type DuplexStream", "type ResponseStream"],
  "client/client-tls": ["type ClientTls", "type ClientTlsFiles"],
  "client/endpoints": ["type Keepalive"],
  "client/login": ["type UserLogin"],
  "client/compacted-error": "all",
  "client/watch-refused-error": "all",
  "client/watch-changes": "all",
  "client/kept-lease": "all",
  "client/leased-turn": ["type TurnOptions"],
  "client/lock": "all",
  "client/election": "all",
  "client/entry": "all",
  "client/key-range-end": "all",
  "client/key-space": "all",
  "client/transaction": ["type Condition", "type Operation", "type Transaction"],
  "client/timing": ["type Timing"],
};

/** Its packages at run time; their versions are those of the repository. */
const DEPENDENCIES = ["@bufbuild/protobuf", "@grpc/grpc-js"] as const;

/** Makes the package in a folder, which must not hold anything else. */
export function buildClientPackage(folder: string, flags: readonly string[] = []): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  compile(folder, flags);
  // Generated code is JavaScript already, which the compiler does not copy.
  cpSync(join(SERVER, "proto/gen"), join(folder, "proto/gen"), { recursive: true });
  for (const path of globSync("**/*.d.ts", { cwd: folder })) pointToJavaScript(join(folder, path));
  const index = Object.entries(EXPORTS).map(([module, names]) => {
    const which = names === "all" ? "*" : `{ ${names.join(", ")} }`;
    return { module, which, hasValues: names === "all" || names.some((name) => !name.startsWith("type ")) };
  });
  const lines = (only: typeof index): string =>
    only.map(({ module, which }) => `export ${which} from "./${module}.js";\n`).join("");
  writeFileSync(join(folder, "index.d.ts"), lines(index));
  writeFileSync(join(folder, "index.js"), lines(index.filter(({ hasValues }) => hasValues)));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
  cpSync(join(SERVER, "client/README.md"), join(folder, "README.md"));
  cpSync(join(repositoryRoot, "LICENSE"), join(folder, "LICENSE"));
}

/** Only what the exported modules import comes along. */
function compile(folder: string, flags: readonly string[]): void {
  const config = join(folder, "tsconfig.json");
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(repositoryRoot, "tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        rootDir: SERVER,
        outDir: folder,
        typeRoots: [join(repositoryRoot, "node_modules/@types")],
      },
      files: Object.keys(EXPORTS).map((module) => join(SERVER, `${module}.ts`)),
      include: [],
    }),
  );
  const tsc = join(repositoryRoot, "node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", config, ...flags], { cwd: repositoryRoot, stdio: "inherit" });
  rmSync(config);
}

/** Declarations keep the sources' names, which are not in the package. */
function pointToJavaScript(path: string): void {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replaceAll(/(from |import\()"(\.[^"]*)\.ts"/g, '$1"$2.js"'));
}

function manifest(): Readonly<Record<string, unknown>> {
  const own = JSON.parse(readFileSync(join(repositoryRoot, "package.json"), "utf8")) as {
    readonly license: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return {
    name: "@kvorum/client",
    version: KVORUM_VERSION,
    description: "A client for etcd and Kvorum: watches, leases, locks and elections that survive the end of a member",
    license: own.license,
    type: "module",
    main: "./index.js",
    types: "./index.d.ts",
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./messages": { types: "./proto/gen/rpc_pb.d.ts", default: "./proto/gen/rpc_pb.js" },
      "./messages/kv": { types: "./proto/gen/kv_pb.d.ts", default: "./proto/gen/kv_pb.js" },
      "./package.json": "./package.json",
    },
    sideEffects: false,
    engines: { node: ">=22" },
    dependencies: Object.fromEntries(DEPENDENCIES.map((name) => [name, own.dependencies[name]])),
    keywords: ["etcd", "kvorum", "etcd3", "client", "grpc", "lock", "election", "watch"],
  };
}

if (process.argv[1] === import.meta.filename) {
  const folder = join(repositoryRoot, "dist/packages/client");
  buildClientPackage(folder);
  console.log(`built ${folder}`);
}
