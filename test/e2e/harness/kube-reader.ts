import { Agent, request, type RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";

const TIMEOUT_MS = 5000;

/** The API server said no; 404 is an answer, too. */
export class KubeReadError extends Error {
  override readonly name = "KubeReadError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads objects many times a second, for which a kubectl each time would cost too much of the machine. */
export class KubeReader {
  readonly #server: string;
  readonly #options: RequestOptions;

  private constructor(server: string, options: RequestOptions) {
    this.#server = server;
    this.#options = options;
  }

  static async open(kubeconfigPath: string): Promise<KubeReader> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfigPath);
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const { ca, cert, key } = options;
    const agent = new Agent({ keepAlive: true, ca, cert, key });
    return new KubeReader(config.getCurrentCluster()?.server ?? "", { ...options, agent, timeout: TIMEOUT_MS });
  }

  /** The object or list at a path of the API, such as `/api/v1/namespaces/a/pods`. */
  get<T>(path: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = request(`${this.#server}${path}`, this.#options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 500;
          if (status === 200) resolve(JSON.parse(text) as T);
          else reject(new KubeReadError(status, `GET ${path}: ${String(status)} ${text.slice(0, 300)}`));
        });
      });
      call.on("timeout", () => call.destroy(new Error(`GET ${path}: no answer within ${String(TIMEOUT_MS)} ms`)));
      call.on("error", reject);
      call.end();
    });
  }

  /** The same, or undefined where nothing is. */
  async find<T>(path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof KubeReadError && error.status === 404) return undefined;
      throw error;
    }
  }

  close(): void {
    (this.#options.agent as Agent).destroy();
  }
}
