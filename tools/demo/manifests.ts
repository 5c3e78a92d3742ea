import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../repository-root.ts";

/** An example of the chart. */
export function example(name: string): string {
  return readFileSync(join(repositoryRoot, "charts/kvorum/examples", name), "utf8");
}

/** The images of the demo's S3 server; the helper makes its bucket. */
export interface S3Images {
  readonly image: string;
  readonly helper: string;
  readonly pullPolicy: "IfNotPresent" | "Never";
}

/** An S3 server in a pod, with one bucket in a folder that goes with it, and the store that points to it. */
export function s3Server({ image, helper, pullPolicy }: S3Images): string {
  // An image of this machine alone cannot be pulled from anywhere.
  const s3PullPolicy = image.startsWith("localhost/") ? "Never" : "IfNotPresent";
  return readFileSync(join(repositoryRoot, "tools/demo/s3.yaml"), "utf8")
    .replaceAll("HELPER-IMAGE", helper)
    .replaceAll("HELPER-PULL-POLICY", pullPolicy)
    .replaceAll("S3-IMAGE", image)
    .replaceAll("S3-PULL-POLICY", s3PullPolicy);
}
