import { isDeepStrictEqual } from "node:util";
import { ETCD_BACKUP_SCHEDULE_SPEC } from "../../operator/types/etcd-backup-schedule.ts";
import { ETCD_CLUSTER_SPEC } from "../../operator/types/etcd-cluster-spec.ts";
import { ETCD_RESTORE_SPEC } from "../../operator/types/etcd-restore.ts";
import { fillDefaults } from "../../operator/types/schema-defaults.ts";
import { setCondition } from "../../operator/types/condition.ts";
import { BareApiServer, type Answer } from "../support/bare-api-server.ts";
import { waitUntil } from "../support/wait-until.ts";
import { Verdicts } from "../support/verdicts.ts";
import { CHANGED, type ChangedRow } from "./crd-validation-changed.ts";
import { INVALID, type InvalidRow } from "./crd-validation-invalid.ts";
import { VALID } from "./crd-validation-valid.ts";
import { cluster, restore, schedule, type Manifest } from "./crd-validation-manifests.ts";
import { checkBuiltObjects } from "./crd-validation-objects.ts";

/**
 * `npm run crd-validation`: the definitions below `crds/` against a real API server. What is invalid is refused with the
 * sentence that its row names and with no other complaint; what is valid is taken; every field explains itself; the scale
 * subresource works; and what the operator builds out of a cluster is taken too.
 */
/** What the API server adds to a complaint by itself: rules that it did not come to, and the scale subresource's view. */
const ECHOES = [": some validation rules were not checked", "* .spec.replicas: Invalid value"];
const COMPLAINT = /: (?:Invalid value|Unsupported value|Required value|Duplicate value|Too long|Too many|Forbidden): /;

const verdicts = new Verdicts();

await verdicts.conclude(async () => {
  const server = await BareApiServer.start();
  try {
    await install(server);
    for (const row of INVALID) refused(server, row);
    for (const [title, manifest] of VALID) taken(server, title, manifest);
    for (const row of CHANGED) changeRefused(server, row);
    defaulted(server);
    explained(server);
    scaled(server);
    latched(server);
    columns(server);
    checkBuiltObjects(server, verdicts);
  } finally {
    await server.stop();
  }
});

async function install(server: BareApiServer): Promise<void> {
  const { isDone, text } = server.kubectl(["apply", "-f", "crds/"]);
  verdicts.check(isDone, `the definitions are installed${isDone ? "" : `: ${text}`}`);
  await waitUntil("the kinds are served", () =>
    server.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=20s"]).isDone &&
    server.kubectl(["get", "etcd,etcdbackups,etcdbackupschedules,etcdbackupstores,etcdrestores"]).isDone
      ? true
      : undefined,
  );
}

/** Strict, and as a dry run: validation and admission are the same, and a row that is taken by mistake leaves nothing. */
function create(server: BareApiServer, manifest: Manifest, ...flags: readonly string[]): Answer {
  return server.kubectl(["create", "--validate=strict", ...flags, "-f", "-"], JSON.stringify(manifest));
}

function refused(server: BareApiServer, { title, manifest, sentence }: InvalidRow): void {
  judge(title, sentence, create(server, manifest, "--dry-run=server"));
}

function judge(title: string, sentence: string, { isDone, text }: Answer): void {
  const isRight = !isDone && text.includes(sentence) && countOf(text) === 1;
  verdicts.check(isRight, `refused: ${title}\n       ${isDone ? "was taken" : text.split("\n").join("\n       ")}`);
  if (!isRight) console.log(`       expected: ${sentence}`);
}

/** How many complaints an answer holds; several stand on lines of their own. */
function countOf(text: string): number {
  const lines = text.split("\n").filter((line) => !ECHOES.some((echo) => line.includes(echo)));
  return Math.max(1, lines.filter((line) => COMPLAINT.test(line)).length);
}

function taken(server: BareApiServer, title: string, manifest: Manifest): void {
  const { isDone, text } = create(server, manifest);
  verdicts.check(isDone, `taken: ${title}${isDone ? "" : `\n       ${text}`}`);
}

function changeRefused(server: BareApiServer, { title, before, change, sentence }: ChangedRow): void {
  const created = create(server, before);
  if (!created.isDone) return void verdicts.check(false, `${title}: the object to change was refused: ${created.text}`);
  const { kind, metadata } = before;
  judge(title, sentence, server.kubectl(["patch", kind, metadata.name, "--type=merge", "-p", JSON.stringify(change)]));
  server.kubectl(["delete", kind, metadata.name, "--wait=false"]);
}

/** The defaults that the operator fills in by itself, in a template or a simulated cluster, are the API server's. */
function defaulted(server: BareApiServer): void {
  for (const [title, schema, manifest] of [
    ["an EtcdCluster", ETCD_CLUSTER_SPEC, cluster({ server: { autoCompaction: { retention: "1h" } } }, "defaulted")],
    ["an EtcdRestore", ETCD_RESTORE_SPEC, restore({}, "defaulted")],
    ["an EtcdBackupSchedule", ETCD_BACKUP_SCHEDULE_SPEC, schedule({}, "defaulted")],
  ] as const) {
    create(server, manifest);
    const { text } = server.kubectl(["get", manifest.kind, "defaulted", "-o", "json"]);
    const { spec } = JSON.parse(text) as { readonly spec: unknown };
    const isSame = isDeepStrictEqual(spec, fillDefaults(schema, manifest.spec));
    verdicts.check(isSame, `the defaults of ${title} are filled in as by the API server`);
  }
}

/** Asks `kubectl explain` for every kind, and looks for fields without a description. */
function explained(server: BareApiServer): void {
  for (const kind of ["etcdcluster", "etcdbackup", "etcdbackupschedule", "etcdbackupstore", "etcdrestore"]) {
    const { isDone, text } = server.kubectl(["explain", `${kind}.spec`]);
    const bare = text.split("\n").filter((line) => line.trim() === "<no description>");
    verdicts.check(isDone && bare.length === 0 && text.includes("DESCRIPTION"), `kubectl explain ${kind}.spec`);
  }
  const { text } = server.kubectl(["explain", "etcd.spec.server.heartbeatInterval"]);
  verdicts.check(
    text.includes("one round trip"),
    "kubectl explain etcd.spec.server.heartbeatInterval says what to write",
  );
}

function scaled(server: BareApiServer): void {
  create(server, cluster({}, "scaled"));
  const status = { status: { replicas: 3, selector: "kvorum.io/cluster=scaled" } };
  server.kubectl(["patch", "etcd", "scaled", "--subresource=status", "--type=merge", "-p", JSON.stringify(status)]);
  const read = server.kubectl(["get", "etcd", "scaled", "--subresource=scale", "-o", "json"]);
  verdicts.check(
    read.isDone && read.text.includes('"selector": "kvorum.io/cluster=scaled"') && read.text.includes('"replicas": 3'),
    "the scale subresource has replicas and selector",
  );
  verdicts.check(
    server.kubectl(["scale", "etcd/scaled", "--replicas=5"]).isDone,
    "kubectl scale etcd/scaled --replicas=5",
  );
  judge(
    "kubectl scale etcd/scaled --replicas=9",
    "replicas must be 0 to 7",
    server.kubectl(["scale", "etcd/scaled", "--replicas=9"]),
  );
  const replicas = server.kubectl(["get", "etcd", "scaled", "-o", "jsonpath={.spec.replicas}"]).text;
  verdicts.check(replicas === "5", "spec.replicas is what kubectl scale said");
}

/** The status that the operator writes is taken, can be waited for, and keeps what must never change. */
function latched(server: BareApiServer): void {
  const patch = (status: unknown): Answer =>
    server.kubectl([
      "patch",
      "etcd",
      "scaled",
      "--subresource=status",
      "--type=merge",
      "-p",
      JSON.stringify({ status }),
    ]);
  const conditions = setCondition(
    undefined,
    { type: "Available", status: "True", reason: "ClusterAvailable", message: "The cluster serves." },
    // kubectl waits until the condition is about the generation of now: kubectl scale has made it 2.
    2,
    Date.now(),
  );
  const written = patch({ clusterID: "cdf818194e3a8c32", leader: "scaled-0", version: "0.2.0", conditions });
  verdicts.check(written.isDone, `the status is taken${written.isDone ? "" : `: ${written.text}`}`);
  const waited = server.kubectl(["wait", "--for=condition=Available", "etcd/scaled", "--timeout=5s"]);
  verdicts.check(waited.isDone, `kubectl wait --for=condition=Available: ${waited.text}`);
  judge("another clusterID", "clusterID never changes", patch({ clusterID: "1" }));
  judge("no clusterID any more", "clusterID never changes", patch({ clusterID: null }));
}

function columns(server: BareApiServer): void {
  const header = server.kubectl(["get", "etcd", "scaled"]).text.split("\n")[0] ?? "";
  const wanted = [
    "NAME",
    "REPLICAS",
    "READY",
    "LEADER",
    "VERSION",
    "AVAILABLE",
    "DEGRADED",
    "OPERATION",
    "LASTBACKUP",
    "AGE",
  ];
  verdicts.check(header.split(/\s+/).join(" ") === wanted.join(" "), `kubectl get etcd: ${header}`);
}
