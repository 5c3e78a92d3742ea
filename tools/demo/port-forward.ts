import { spawn, type ChildProcess } from "node:child_process";
import { DemoError } from "./demo-error.ts";
import type { Program } from "./target.ts";

const START_LIMIT_MS = 30_000;

/** `kubectl port-forward` to a Service, on a local port of its own choice. */
export class PortForward {
  readonly endpoint: string;
  readonly #child: ChildProcess;

  private constructor(endpoint: string, child: ChildProcess) {
    this.endpoint = endpoint;
    this.#child = child;
  }

  static start(kubectl: Program, namespace: string, service: string): Promise<PortForward> {
    const args = ["port-forward", `--namespace=${namespace}`, `service/${service}`, ":2379"];
    console.log(`$ ${[kubectl.shown, ...args].join(" ")} &`);
    const child = spawn(kubectl.path, [...(kubectl.args ?? []), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new DemoError(`kubectl port-forward to service/${service} did not start`));
      }, START_LIMIT_MS);
      let errors = "";
      child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
      child.stdout.on("data", (data: Buffer) => {
        const port = /Forwarding from 127\.0\.0\.1:(\d+)/.exec(data.toString())?.[1];
        if (port === undefined) return;
        clearTimeout(timer);
        resolve(new PortForward(`http://127.0.0.1:${port}`, child));
      });
      child.once("exit", () => {
        clearTimeout(timer);
        reject(new DemoError(`kubectl port-forward to service/${service} ended: ${errors.trim()}`));
      });
    });
  }

  stop(): void {
    this.#child.kill("SIGTERM");
  }
}
