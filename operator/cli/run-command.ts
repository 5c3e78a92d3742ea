import { hostname } from "node:os";
import type { Command } from "commander";
import { ConfigError, loadConfig } from "../config/config.ts";
import { armFailpoints } from "../config/failpoint.ts";
import { environmentName, type Option } from "../config/option.ts";
import { OPTIONS } from "../config/options.ts";
import { chooseConnection } from "./choose-connection.ts";
import { runOperator } from "./run-operator.ts";

/** `kvorum-operator run`: looks after clusters until it is asked to stop. */
export function addRunCommand(program: Command): void {
  const run = program
    .command("run")
    .description("look after the EtcdClusters of a Kubernetes cluster, until SIGTERM")
    .allowExcessArguments(false)
    .addHelpText(
      "after",
      "\nEvery flag can also be set as an environment variable, --log-level as KVORUM_OPERATOR_LOG_LEVEL.",
    );
  for (const option of OPTIONS) run.option(flagsOf(option), helpOf(option));
  run.action(async (_flags: unknown, command: Command) => {
    const config = loadConfig(givenFlags(command), process.env);
    armFailpoints(process.env["KVORUM_FAILPOINTS"]);
    if (config.image === "") {
      throw new ConfigError(
        `--image has to be set, or ${environmentName({ name: "image" })}: the image that members run, which is the operator's own`,
      );
    }
    const connection = await chooseConnection(config, process.env);
    const namespace = config.namespace || connection.namespace || "default";
    await runOperator({ config, connection, namespace, identity: config.identity || hostname() });
  });
}

/** Only what was typed: the environment comes before the defaults. */
function givenFlags(command: Command): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const option of command.options) {
    const value = command.getOptionValue(option.attributeName()) as string | true | undefined;
    // A switch without a value is true.
    if (value !== undefined) given[option.name()] = String(value);
  }
  return given;
}

function flagsOf({ name, kind }: Option): string {
  return kind === "switch" ? `--${name} [true|false]` : `--${name} <${kind}>`;
}

function helpOf(option: Option): string {
  return `${option.help} (default: ${option.defaultShown ?? option.default})`;
}
