import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as prettier from "prettier";
import { stringify } from "yaml";
import { customResourceDefinition, KINDS } from "../operator/types/custom-resource-definition.ts";
import { GROUP } from "../operator/types/kind.ts";

const HEADER = "# Generated from operator/types by `npm run generate`.\n";

/**
 * Writes the CustomResourceDefinition of every kind into `crds/` below the target, formatted as the repository is, and once
 * more as a template of the chart: Helm never upgrades what is in a chart's own folder `crds/`.
 */
export async function generateCrds(target: string): Promise<void> {
  const folder = join(target, "crds");
  const templates = join(target, "charts/kvorum/templates/crds");
  for (const made of [folder, templates]) mkdirSync(made, { recursive: true });
  for (const kind of KINDS) {
    const yaml = stringify(customResourceDefinition(kind), { aliasDuplicateObjects: false, lineWidth: 0 });
    const text = await prettier.format(HEADER + yaml, { parser: "yaml", printWidth: 120 });
    const name = `${GROUP}_${kind.plural}.yaml`;
    writeFileSync(join(folder, name), text);
    writeFileSync(join(templates, name), asTemplate(text));
  }
}

/** Only if it is wanted, and kept when the chart is uninstalled: with the definition all clusters would go. */
function asTemplate(yaml: string): string {
  const kept = yaml.replace("\nmetadata:\n", "\nmetadata:\n  annotations:\n    helm.sh/resource-policy: keep\n");
  return `{{- if .Values.crds.install }}\n${kept.replaceAll("{{", '{{ "{{" }}')}{{- end }}\n`;
}
