import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { operatorMain } from "../../../../operator/cli/operator-command.ts";
import { FAILPOINTS } from "../../../../operator/config/failpoints.ts";
import { OPTIONS } from "../../../../operator/config/options.ts";
import { OPERATOR_VERSION } from "../../../../operator/config/version.ts";
import { FakeKube } from "../../../support/fake-kube/fake-kube.ts";
import { target } from "../../../support/fake-kube/kube-harness.ts";
import { waitUntil } from "../../../support/wait-until.ts";

/** A `kvorum-operator run` in a process of its own. */
class Operator {
  readonly #child: ChildProcess;
  readonly ended: Promise<number | string>;
  err = "";

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, ["operator/cli/main.ts", ...args]);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve(code ?? signal ?? ""));
    });
  }

  /** The first line of the log with that message. */
  line(message: string): Promise<Record<string, unknown>> {
    return waitUntil(`"${message}" in the log`, () => {
      const line = this.err.split("\n").find((text) => text.includes(`"msg":"${message}"`));
      return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
    });
  }

  kill(signal: NodeJS.Signals): Promise<number | string> {
    this.#child.kill(signal);
    return this.ended;
  }
}

let kube: FakeKube;
let folder: string;
let kubeconfig: string;
const operators: Operator[] = [];

beforeEach(async () => {
  kube = new FakeKube();
  folder = mkdtempSync(join(tmpdir(), "kvorum-operator-"));
  kubeconfig = join(folder, "kubeconfig");
  const cluster = { server: await kube.start(), "insecure-skip-tls-verify": true };
  const config = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: "operators" } }],
    "current-context": "x",
  };
  writeFileSync(kubeconfig, stringify(config));
});
afterEach(async () => {
  await Promise.all(operators.splice(0).map((started) => started.kill("SIGKILL")));
  await kube.down();
  rmSync(folder, { recursive: true });
});

const addresses = ["--metrics-addr", "127.0.0.1:0", "--health-addr", "127.0.0.1:0"];
const runArgs = () => ["run", "--kubeconfig", kubeconfig, "--image", "kvorum:1", "--identity", "pod-0", ...addresses];

function run(...more: readonly string[]): Operator {
  const started = new Operator([...runArgs(), ...more]);
  operators.push(started);
  return started;
}

const place = target("coordination.k8s.io/v1/leases", "operators", "kvorum-operator");
const holder = () => (kube.store.find(place)?.["spec"] as { holderIdentity: string } | undefined)?.holderIdentity;

test("operators take the lead one after the other, serve health and metrics, and end when the lead is taken from them", async () => {
  const first = run();
  const { listening } = await first.line("kvorum-operator starts");
  await first.line("this operator is the leader");
  expect(holder()).toMatch(/^pod-0_[0-9a-f-]{36}$/);
  const [metrics, health] = listening as readonly string[];
  const texts = await Promise.all(
    [`${metrics!}/metrics`, `${health!}/healthz`].map(async (path) => (await fetch(`http://${path}`)).text()),
  );
  expect(texts[0]).toContain("kvorum_operator_leader 1");
  expect(texts[0]).toMatch(/kvorum_operator_api_calls_total\{verb="create",resource="leases",code="201"\} 1/);
  expect(texts[1]).toBe("[+]ping ok\nok\n");
  expect(kube.calls[0]?.headers["user-agent"]).toMatch(/^kvorum-operator\/\d/);

  const second = run();
  await second.line("kvorum-operator starts");
  expect(await first.kill("SIGTERM")).toBe(0);
  await second.line("this operator is the leader");
  const leader = holder();

  const waiting = run();
  await waiting.line("kvorum-operator starts");
  expect(await waiting.kill("SIGINT")).toBe(0);
  expect(waiting.err).not.toContain("is the leader");
  expect(holder()).toBe(leader);

  kube.store.mergePatch(place, { spec: { holderIdentity: "another" } }, { manager: "m", isStatus: false });
  expect(await second.ended).toBe(1);
  expect(second.err).toContain("another holds the lease now");
});

test("without election an operator writes no lease", async () => {
  const only = run("--leader-elect=false");
  await only.line("kvorum-operator starts");
  expect(await only.kill("SIGTERM")).toBe(0);
  expect(holder()).toBeUndefined();
});

/** A command in this process: its exit code and what it wrote. */
async function command(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" };
  const code = await operatorMain(args, {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
  });
  return { code, ...written };
}

test("every flag is in the help, with what it does", async () => {
  const { code, out } = await command("run", "--help");
  expect(code).toBe(0);
  const words = out.replaceAll(/\s+/g, " ");
  for (const { name, help } of OPTIONS) {
    expect(words).toContain(`--${name} `);
    expect(words).toContain(help);
  }
});

test("failpoints and the version are printed", async () => {
  const { out } = await command("failpoints");
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(Object.keys(FAILPOINTS));
  expect(await command("version")).toEqual({ code: 0, out: `kvorum-operator ${OPERATOR_VERSION}\n`, err: "" });
});

test.each<[args: string, code: number, message: RegExp]>([
  ["run", 2, /^Error: --image has to be set, or KVORUM_OPERATOR_IMAGE: /],
  ["run --image x --concurrency 0", 2, /^Error: --concurrency must be a whole number from 1 to 100, not "0"\n$/],
  ["run --image x --kubeconfig /none", 1, /^Error: the kubeconfig \/none cannot be read: ENOENT/],
  ["run --imag x", 2, /^Error: unknown option '--imag'/],
  ["run x", 2, /^Error: too many arguments/],
  ["walk", 2, /^Error: unknown command 'walk'/],
  ["", 2, /^Usage: kvorum-operator /],
])("kvorum-operator %s ends with %i and says why", async (args, code, message) => {
  const { err, ...ended } = await command(...args.split(" ").filter((arg) => arg !== ""));
  expect(ended).toEqual({ code, out: "" });
  expect(err).toMatch(message);
});

test("an address that is taken ends it with one line", async () => {
  const failing = run("--metrics-addr", `127.0.0.1:${new URL(kube.url).port}`);
  expect(await failing.ended).toBe(1);
  expect(failing.err).toMatch(/^Error: cannot listen on --metrics-addr 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/);
});

test("a failpoint that does not exist is refused before anything happens", async () => {
  vi.stubEnv("KVORUM_FAILPOINTS", "nowhere");
  const { code, err } = await command(...runArgs());
  vi.unstubAllEnvs();
  expect(code).toBe(2);
  expect(err).toBe('Error: KVORUM_FAILPOINTS: there is no failpoint "nowhere": see "kvorum-operator failpoints"\n');
  expect(kube.calls).toEqual([]);
});
