import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as prettier from "prettier";
import { stringify } from "yaml";
import { customResourceDefinition, KINDS } from "../operator/types/custom-resource-definition.ts";
import { GROUP } from "../operator/types/kind.ts";

const HEADER = "# Generated from operator/types by `npm run generate`.\n";

/** Writes the CustomResourceDefinition of every kind into `crds/` below the target, formatted as the repository is. */
export async function generateCrds(target: string): Promise<void> {
  const folder = join(target, "crds");
  mkdirSync(folder, { recursive: true });
  for (const kind of KINDS) {
    const yaml = stringify(customResourceDefinition(kind), { aliasDuplicateObjects: false, lineWidth: 0 });
    const text = await prettier.format(HEADER + yaml, { parser: "yaml", printWidth: 120 });
    writeFileSync(join(folder, `${GROUP}_${kind.plural}.yaml`), text);
  }
}
