import { runSteps } from "./steps.ts";

/**
 * `npm test`: what lets a person trust a checkout. Needs Linux; Go for etcd's and Kubernetes' own programs and suites, which
 * are built once and kept in the user's cache folder; root for the throwaway Kubernetes.
 */
await runSteps([
  { name: "checks", command: ["npm", "run", "--silent", "check"] },
  { name: "unit, properties, simulation, raft vectors", command: ["vitest", "run", "--reporter=default"] },
  { name: "build", command: ["npm", "run", "--silent", "build"] },
  { name: "permits", command: ["node", "test/integration/permits.ts"] },
  { name: "etcd's own programs", command: ["node", "tools/etcd-binaries.ts"] },
  {
    name: "files and snapshots beside real etcd",
    command: ["vitest", "run", "--config", "vitest.conformance.config.ts", "--reporter=default"],
  },
  { name: "definitions against a real API server", command: ["node", "test/integration/crd-validation.ts"] },
  { name: "the Helm chart", command: ["node", "test/integration/chart.ts"] },
  { name: "the throwaway Kubernetes", command: ["node", "tools/kubernetes/smoke.ts"] },
  { name: "end to end", command: ["node", "test/e2e/run.ts"] },
  { name: "etcd's suite common", command: ["node", "tools/conformance.ts"] },
]);
