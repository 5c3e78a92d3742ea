import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { kubernetesBinaries } from "../../tools/kubernetes/binaries.ts";
import { repositoryRoot } from "../../tools/repository-root.ts";
import { BareApiServer } from "../support/bare-api-server.ts";
import { Verdicts } from "../support/verdicts.ts";
import { waitUntil } from "../support/wait-until.ts";

/**
 * `npm run chart`: the Helm chart. `helm lint` has nothing to say; what `helm template` prints is taken by a real API
 * server in a server-side dry run, for the default values and for each that changes what is printed; values that cannot
 * be meant are refused by name; every example is taken.
 */
const CHART = join(repositoryRoot, "charts/kvorum");
const EXAMPLES = join(CHART, "examples");
const NAMESPACE = "kvorum-system";
const WATCHED = ["team-a", "team-b"];
/** Without this helm takes an old version for the server's. */
const KUBERNETES = "1.34.0";

/** Values, and a line that must be in what they make. */
const TAKEN: readonly (readonly [title: string, values: readonly string[], expected: RegExp])[] = [
  ["the default values", [], /kind: ClusterRoleBinding\n/],
  [
    "namespaces to watch",
    [`watchNamespaces={${WATCHED.join(",")}}`],
    /namespace: team-b[^]*--watch-namespaces=team-a,team-b/,
  ],
  ["two operators", ["replicas=2"], /replicas: 2\n/],
  ["no election", ["leaderElection=false"], /type: Recreate\n/],
  ["an image by digest", [`image.digest=sha256:${"0".repeat(64)}`], /kvorum@sha256:0{64}/],
  ["no definitions", ["crds.install=false"], /^(?![^]*CustomResourceDefinition)/],
  ["an account of one's own", ["serviceAccount.create=false,serviceAccount.name=mine"], /serviceAccountName: mine\n/],
  ["no roles", ["rbac.create=false"], /^(?![^]*kind: (Cluster)?Role\n)/],
  ["a pod monitor", ["podMonitor.enabled=true,podMonitor.labels.release=prometheus"], /release: prometheus\n/],
  [
    "arguments and environment",
    ["extraArgs={--resync-period=5m},extraEnv[0].name=TZ,extraEnv[0].value=UTC"],
    /- --resync-period=5m\n/,
  ],
  [
    "placement",
    ["nodeSelector.disk=ssd,priorityClassName=system-cluster-critical,tolerations[0].operator=Exists"],
    /disk: ssd\n/,
  ],
];

/** Values that cannot be meant, and the name that the refusal has to say. */
const REFUSED: readonly (readonly [values: string, named: string])[] = [
  ["replica=3", "replica"],
  ["replicas=-1", "replicas"],
  ["watchNamespaces=team-a", "watchNamespaces"],
  ["image.pullPolicy=Sometimes", "pullPolicy"],
  ["logLevel=loud", "logLevel"],
  ["podMonitor.enable=true", "enable"],
  ["image.digest=latest", "digest"],
];

/** As much of the Prometheus operator's definition as the chart uses. */
const POD_MONITOR = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "podmonitors.monitoring.coreos.com" },
  spec: {
    group: "monitoring.coreos.com",
    scope: "Namespaced",
    names: { kind: "PodMonitor", listKind: "PodMonitorList", plural: "podmonitors", singular: "podmonitor" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
      },
    ],
  },
};

const helmPath = join(kubernetesBinaries(), "helm");
const verdicts = new Verdicts();
await verdicts.conclude(async () => {
  const lint = helm("lint", CHART, "--strict", `--kube-version=${KUBERNETES}`);
  verdicts.check(lint.isDone && !/\[(WARNING|ERROR)\]/.test(lint.text), `helm lint has nothing to say: ${lint.text}`);
  for (const [values, named] of REFUSED) {
    const { isDone, text } = template([values]);
    verdicts.check(!isDone && text.includes(named), `${values} is refused by name${isDone ? ": it is not" : ""}`);
  }
  const server = await BareApiServer.start();
  try {
    await prepare(server);
    for (const [title, values, expected] of TAKEN) taken(server, title, values, expected);
    for (const name of readdirSync(EXAMPLES)) {
      const { isDone, text } = dryRun(server, ["-f", join(EXAMPLES, name)]);
      verdicts.check(isDone, `the example ${name} is taken${isDone ? "" : `: ${text}`}`);
    }
  } finally {
    await server.stop();
  }
});

/** The namespaces, the chart's own definitions, and one of the Prometheus operator's kinds, which some clusters have. */
async function prepare(server: BareApiServer): Promise<void> {
  for (const namespace of [NAMESPACE, ...WATCHED]) server.kubectl(["create", "namespace", namespace]);
  server.kubectl(["apply", "-f", "-"], JSON.stringify(POD_MONITOR));
  const { isDone, text } = server.kubectl(["apply", "-f", join(repositoryRoot, "crds")]);
  verdicts.check(isDone, `the definitions are installed${isDone ? "" : `: ${text}`}`);
  const wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"];
  await waitUntil("the kinds are served", () => server.kubectl(wait).isDone || undefined);
  await waitUntil(
    "they are known",
    () => server.kubectl(["get", "etcd,podmonitors.monitoring.coreos.com"]).isDone || undefined,
  );
}

function taken(server: BareApiServer, title: string, values: readonly string[], expected: RegExp): void {
  const made = template(values);
  if (!made.isDone) return void verdicts.check(false, `${title}: ${made.text}`);
  const { isDone, text } = dryRun(server, ["-f", "-"], made.text);
  verdicts.check(isDone, `${title}: the API server takes it${isDone ? "" : `: ${text}`}`);
  verdicts.check(expected.test(made.text), `${title}: what is printed shows it`);
}

function template(values: readonly string[]): { readonly isDone: boolean; readonly text: string } {
  return helm(
    "template",
    "kvorum",
    CHART,
    `--namespace=${NAMESPACE}`,
    `--kube-version=${KUBERNETES}`,
    ...values.map((each) => `--set=${each}`),
  );
}

function dryRun(server: BareApiServer, args: readonly string[], input?: string): ReturnType<BareApiServer["kubectl"]> {
  return server.kubectl(["apply", "--server-side", "--dry-run=server", "--validate=strict", ...args], input);
}

function helm(...args: readonly string[]): { readonly isDone: boolean; readonly text: string } {
  const { status, stdout, stderr, error } = spawnSync(helmPath, args, { encoding: "utf8" });
  if (error) throw error;
  return { isDone: status === 0, text: status === 0 ? stdout : `${stdout}${stderr}` };
}
