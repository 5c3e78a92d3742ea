import { parseArgs } from "node:util";
import { down, kubeconfigPath, loadImage, runningStore, up } from "../../tools/kubernetes/cluster.ts";
import { KVORUM_IMAGE } from "../../tools/kubernetes/image.ts";
import { Verdicts } from "../support/verdicts.ts";
import { diagnosis } from "./harness/diagnosis.ts";
import { KubeReader } from "./harness/kube-reader.ts";
import { OperatorDeployment } from "./harness/operator-deployment.ts";
import type { Scenario } from "./harness/scenario.ts";
import { TestCase, type Stage } from "./harness/test-case.ts";
import { ALL, SHORT } from "./scenarios.ts";

const HELP = `node test/e2e/run.ts [options]

The operator on a throwaway Kubernetes of this machine (root and Linux needed): each scenario in a namespace of its own,
while a background observer appends, watches and looks at members, and judges the invariants I1 to I7 at the end. A cluster
that this started goes at the end; one that ran before stays.

  --all               every scenario; otherwise the main ones (${SHORT.map(({ id }) => id).join(", ")})
  --scenario ID,…     these alone
  --keep              keep the namespaces, and the cluster
  --installed         with the image and the operator that are there
  --image-from FOLDER build the image from another checkout, which nobody edits meanwhile
  --list              name the scenarios
`;

const { values } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    scenario: { type: "string", multiple: true, default: [] },
    keep: { type: "boolean", default: false },
    installed: { type: "boolean", default: false },
    "image-from": { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help || values.list) {
  console.log(values.help ? HELP : ALL.map(({ id, title }) => `${id.padEnd(14)}${title}`).join("\n"));
  process.exit(0);
}

const ranBefore = runningStore() !== undefined;
const verdicts = new Verdicts();
await verdicts.conclude(async () => {
  const chosen = choose();
  const stage = await prepare().catch((error: unknown) => {
    // What did not run has not passed.
    for (const { id, title } of chosen) verdicts.check(false, `${id}: ${title} did not run`);
    throw error;
  });
  for (const scenario of chosen) await runScenario(stage, scenario);
  stage.reader.close();
  if (!ranBefore && !values.keep) await down();
});

function choose(): readonly Scenario[] {
  const ids = values.scenario.flatMap((text) => text.split(",")).filter((id) => id !== "");
  if (ids.length === 0) return values.all ? ALL : SHORT;
  return ids.map((id) => {
    const scenario = ALL.find((each) => each.id === id);
    if (!scenario) throw new Error(`there is no scenario ${id}: see --list`);
    return scenario;
  });
}

async function prepare(): Promise<Stage> {
  const startMs = performance.now();
  await up();
  const reader = await KubeReader.open(kubeconfigPath);
  const operator = new OperatorDeployment(reader);
  const image = values.installed ? KVORUM_IMAGE : await install(operator);
  console.log(`the cluster runs and the operator is installed (${seconds(startMs)} s)`);
  return { reader, operator, verdicts, image };
}

async function install(operator: OperatorDeployment): Promise<string> {
  const folder = values["image-from"];
  const image = await loadImage(folder === undefined ? {} : { folder });
  await operator.install(image);
  return image;
}

async function runScenario(stage: Stage, { id, title, needsS3 = false, run }: Scenario): Promise<void> {
  console.log(`\n${id}: ${title}`);
  const startMs = performance.now();
  const test = new TestCase(stage, `e2e-${id}`);
  try {
    await test.open();
    if (needsS3) await test.startS3();
    await run(test);
    await test.judgeAll();
  } catch (error) {
    test.check(false, `the scenario came to its end: ${textOf(error)}`);
  }
  if (test.hasFailed) console.log(await diagnosis(test.namespace, stage.operator).catch(String));
  // What was gathered still says something about a scenario that failed on the way.
  await test.judgeAll().catch((error: unknown) => test.check(false, `the observer judged: ${textOf(error)}`));
  await test.close();
  if (!values.keep) await test.remove();
  console.log(`${test.hasFailed ? "FAIL" : "ok  "} ${id}: ${title} (${seconds(startMs)} s)`);
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1);
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n    because: ${textOf(error.cause)}`;
}
