import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { s3GatewayBinary } from "../../tools/kubernetes/binaries.ts";
import { freePorts } from "./free-ports.ts";
import { waitUntil } from "./wait-until.ts";

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A real S3 server over a folder: every object is a file there, which a test can look at and damage. */
export class S3Gateway {
  readonly bucket = "backups";
  readonly port: number;
  readonly credentials = { AWS_ACCESS_KEY_ID: "kvorum", AWS_SECRET_ACCESS_KEY: "not-a-secret" };
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.port = port;
  }

  /** Starts one with one bucket. */
  static async start(folder: string): Promise<S3Gateway> {
    const [port = 0] = await freePorts(1);
    const gateway = new S3Gateway(folder, port);
    mkdirSync(join(folder, gateway.bucket), { recursive: true });
    await gateway.restart();
    return gateway;
  }

  /** The file of an object. */
  file(key: string): string {
    return join(this.#folder, this.bucket, key);
  }

  async restart(): Promise<void> {
    const { AWS_ACCESS_KEY_ID: access, AWS_SECRET_ACCESS_KEY: secret } = this.credentials;
    const address = `127.0.0.1:${String(this.port)}`;
    const flags = ["--access", access, "--secret", secret, "--port", address, "--quiet"];
    const child = spawn(s3GatewayBinary(), [...flags, "posix", this.#folder], { stdio: "ignore" });
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#child = child;
    await waitUntil("the S3 server listens", () => canConnect(this.port));
  }

  /** As if its machine had lost its power. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
}

function canConnect(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(undefined));
  });
}
