import { spawn, type ChildProcess } from "node:child_process";
import { openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../support/free-ports.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { JOB } from "./mixin-rules.ts";

const SCRAPE_EVERY = "1s";
/** How often rules are evaluated. */
const EVALUATE_EVERY = "5s";

/** One rule as Prometheus has last evaluated it. */
export interface EvaluatedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** A real Prometheus that scrapes some members and evaluates rules. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #url: string;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
    // Not even a harness that fails leaves it behind.
    process.on("exit", () => child.kill("SIGKILL"));
  }

  static async start(options: {
    readonly binaries: string;
    readonly folder: string;
    readonly rules: string;
    readonly targets: readonly string[];
  }): Promise<Prometheus> {
    const { binaries, folder, rules, targets } = options;
    const config = join(folder, "prometheus.yml");
    const [port = 0] = await freePorts(1);
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: SCRAPE_EVERY, evaluation_interval: EVALUATE_EVERY },
        rule_files: [rules],
        scrape_configs: [{ job_name: JOB, static_configs: [{ targets }] }],
      }),
    );
    const log = openSync(join(folder, "prometheus.log"), "a");
    const address = `127.0.0.1:${String(port)}`;
    const args = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "tsdb")}`,
      `--web.listen-address=${address}`,
    ];
    const child = spawn(join(binaries, "prometheus"), args, { stdio: ["ignore", log, log] });
    const prometheus = new Prometheus(child, `http://${address}`);
    await waitUntil("Prometheus is ready", async () =>
      (await fetch(`http://${address}/-/ready`)).ok ? true : undefined,
    );
    return prometheus;
  }

  /** How many series an expression gives now. */
  async count(expression: string): Promise<number> {
    const { result } = (await this.#ask(`query?query=${encodeURIComponent(expression)}`)) as {
      readonly result: readonly unknown[];
    };
    return result.length;
  }

  async rules(): Promise<readonly EvaluatedRule[]> {
    const { groups } = (await this.#ask("rules")) as {
      readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }

  async #ask(path: string): Promise<unknown> {
    const answer = (await (await fetch(`${this.#url}/api/v1/${path}`)).json()) as {
      readonly status: string;
      readonly data: unknown;
      readonly error?: string;
    };
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error ?? "no success"}`);
    return answer.data;
  }
}
