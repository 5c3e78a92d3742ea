import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The job under which members are scraped; the mixin takes every one with "etcd" in its name. */
export const JOB = "etcd";
/** What Grafana writes into queries, and what it stands for here. */
const VARIABLES = { $cluster: JOB, $__rate_interval: "30s", $__interval: "30s" } as const;
/** As much of the library of dashboards as the queries of etcd's need. */
const QUERIES_ONLY = `{
  query: { prometheus: {
    new(datasource, expr): { expr: expr },
    withLegendFormat(format): { legendFormat: format },
  } },
}`;
const DASHBOARD_LIBRARY = "github.com/grafana/grafonnet/gen/grafonnet-v10.0.0";

/** One expression of etcd's alerts or dashboards. */
export interface MixinExpression {
  readonly of: string;
  readonly text: string;
}

/** etcd's mixin, rendered by jsonnet: the rules of its alerts, and the queries of both its dashboards. */
export class Mixin {
  readonly #jsonnet: string;
  readonly #source: string;
  readonly #folder: string;

  constructor(options: { readonly binaries: string; readonly source: string; readonly folder: string }) {
    this.#jsonnet = join(options.binaries, "jsonnet");
    this.#source = options.source;
    this.#folder = options.folder;
  }

  /** Writes the rules as a file; JSON is YAML. */
  writeRules(): string {
    const path = join(this.#folder, "rules.yaml");
    writeFileSync(path, JSON.stringify(this.#render('(import "mixin.libsonnet").prometheusAlerts')));
    return path;
  }

  get alerts(): readonly MixinExpression[] {
    const { groups } = this.#render('(import "mixin.libsonnet").prometheusAlerts') as {
      readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
    };
    return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ of: `alert ${alert}`, text: expr })));
  }

  /** Of the present dashboard and of the one for older Grafanas. */
  get queries(): readonly MixinExpression[] {
    const library = join(this.#folder, DASHBOARD_LIBRARY);
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, "main.libsonnet"), QUERIES_ONLY);
    const config = '(import "config.libsonnet")._config';
    const variables = '{ datasource: { name: "datasource" }, cluster: { name: "cluster" } }';
    const present = this.#render(`(import "dashboards/targets.libsonnet")(${variables}, ${config})`);
    const older = this.#render('((import "mixin.libsonnet") + { _config+:: { grafana7x: true } }).grafanaDashboards');
    return [...expressionsIn(present, "dashboard"), ...expressionsIn(older, "dashboard for Grafana 7")];
  }

  #render(program: string): unknown {
    const args = ["-J", this.#folder, "-J", this.#source, "-e", program];
    return JSON.parse(execFileSync(this.#jsonnet, args, { cwd: this.#source, encoding: "utf8", maxBuffer: 1 << 26 }));
  }
}

/** Runs promtool; undefined if it is content, else what it says. */
export function promtoolComplaint(binaries: string, args: readonly string[], cwd?: string): string | undefined {
  const { status, stdout, stderr } = spawnSync(join(binaries, "promtool"), args, { encoding: "utf8", cwd });
  return status === 0 ? undefined : `${stdout}${stderr}`;
}

/** The selectors of an expression, each once: without what is computed from them, and without any threshold. */
export function selectorsOf(expression: string): readonly string[] {
  return [...new Set(Array.from(expression.matchAll(/[a-zA-Z_:][\w:]*\{[^}]*\}/g), ([text]) => text))];
}

/** Every `expr` of a JSON value, with Grafana's variables filled in. */
function expressionsIn(value: unknown, of: string): readonly MixinExpression[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "expr" && typeof inner === "string" ? [{ of, text: filledIn(inner) }] : expressionsIn(inner, of),
  );
}

function filledIn(expression: string): string {
  let text = expression;
  for (const [name, value] of Object.entries(VARIABLES)) text = text.replaceAll(name, value);
  return text;
}
