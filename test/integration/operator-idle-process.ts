import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { loadConfig as LoadConfig } from "../../operator/config/config.ts";
import type { runOperator as RunOperator } from "../../operator/cli/run-operator.ts";

/**
 * The process that `operator-idle.ts` looks at: `kvorum-operator run` as in a pod, but for the way to its API server, which
 * is plain HTTP here. Loading a client library to read a kubeconfig would cost more than all the rest. Tells its parent how
 * much of its heap is alive.
 */
const [server = "", root = "", extension = "js"] = process.argv.slice(2);
const load = (file: string): Promise<unknown> =>
  import(pathToFileURL(join(root, `operator/${file}.${extension}`)).href);

const { loadConfig } = (await load("config/config")) as { readonly loadConfig: typeof LoadConfig };
const { runOperator } = (await load("cli/run-operator")) as { readonly runOperator: typeof RunOperator };
process.on("message", () => {
  globalThis.gc?.();
  process.send?.({ heapBytes: process.memoryUsage().heapUsed });
});
await runOperator({
  config: loadConfig({ image: "kvorum:0.1.0", "metrics-addr": "127.0.0.1:0", "health-addr": "127.0.0.1:0" }, {}),
  connection: { server, namespace: "operators", credentials: async () => ({ headers: {}, tls: {} }) },
  namespace: "operators",
  identity: "idle",
});
