import type { Agent, OutgoingHttpHeaders } from "node:http";
import type { RequestOptions } from "node:https";
import { KubeConfig } from "@kubernetes/client-node";
import { ConnectionError, type Connection, type Credentials } from "./connection.ts";

/** Which kubeconfig and which of its contexts; without a file, kubectl's way of finding one. */
export interface KubeconfigChoice {
  readonly file?: string;
  readonly context?: string;
}

/**
 * The way of kubectl: tokens, client certificates, exec plugins and OIDC, as the client library knows them. Loaded only
 * where it is needed: the library holds the models of all kinds, 90 MB that an operator in a pod does without.
 */
export function kubeconfigConnection(choice: KubeconfigChoice): Connection {
  const config = load(choice);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new ConnectionError(`the kubeconfig has no current context: name one with --context (${contextsOf(config)})`);
  }
  if (cluster.server.startsWith("http:") && !cluster.skipTLSVerify) {
    throw new ConnectionError(
      `${cluster.server} is plain HTTP: to send credentials over it, set insecure-skip-tls-verify in the kubeconfig`,
    );
  }
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace;
  return {
    server: cluster.server,
    namespace,
    credentials: () => credentialsOf(config, cluster.proxyUrl !== undefined),
  };
}

function load({ file, context }: KubeconfigChoice): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const which = file === undefined ? "the kubeconfig" : `the kubeconfig ${file}`;
    throw new ConnectionError(`${which} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      throw new ConnectionError(`the kubeconfig has no context "${context}": it has ${contextsOf(config)}`);
    }
    config.setCurrentContext(context);
  }
  return config;
}

async function credentialsOf(config: KubeConfig, isProxied: boolean): Promise<Credentials> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const headers = textHeaders((options.headers ?? {}) as OutgoingHttpHeaders);
  if (typeof options.auth === "string") {
    headers["Authorization"] = `Basic ${Buffer.from(options.auth).toString("base64")}`;
  }
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    headers,
    tls: {
      ...(ca !== undefined && { ca: ca as Buffer }),
      ...(cert !== undefined && { cert: cert as Buffer }),
      ...(key !== undefined && { key: key as Buffer }),
      ...(servername !== undefined && { servername }),
      ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
    },
    ...(isProxied && { agent: options.agent as Agent }),
  };
}

function textHeaders(headers: OutgoingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function contextsOf(config: KubeConfig): string {
  const names = config.getContexts().map(({ name }) => name);
  return names.length === 0 ? "it has no contexts" : `contexts: ${names.join(", ")}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
