import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { isEncrypted, type UpstreamTls } from "./upstream-channel.ts";
import type { MetricsText } from "./proxy-http.ts";

/** What a member is given to answer. */
const PATIENCE_MS = 10_000;

/** The metrics of a member, by plain HTTP as a scraper would ask, or by HTTPS where calls are encrypted too. */
export function memberMetrics(endpoint: string, tls: UpstreamTls | undefined): Promise<MetricsText> {
  const scheme = isEncrypted(endpoint, tls) ? "https" : "http";
  const base = /^https?:/.test(endpoint) ? endpoint : `${scheme}://${endpoint}`;
  const url = new URL("/metrics", base);
  const options =
    url.protocol === "https:"
      ? {
          ...(tls?.ca && { ca: Buffer.from(tls.ca) }),
          ...(tls?.cert && { cert: Buffer.from(tls.cert) }),
          ...(tls?.key && { key: Buffer.from(tls.key) }),
          rejectUnauthorized: !tls?.isUnverified,
        }
      : {};
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? getHttps : getHttp)(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ contentType: "text/plain; version=0.0.4", text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    request.setTimeout(PATIENCE_MS, () => request.destroy(new Error(`${url.href} does not answer`)));
    request.on("error", reject);
  });
}
