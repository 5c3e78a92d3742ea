import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { flagsReference } from "../server/config/flags-reference.ts";
import { generateCrds } from "./generate-crds.ts";
import { repositoryRoot } from "./repository-root.ts";

/** `npm run generate`: everything in this repository that a script makes. A test fails when it has drifted. */
const target = process.argv[2] ?? repositoryRoot;

execFileSync(join(repositoryRoot, "node_modules/.bin/buf"), ["generate", "--output", target], {
  cwd: repositoryRoot,
  stdio: "inherit",
});
writeFileSync(join(target, "docs/server-flags.md"), flagsReference());
await generateCrds(target);
