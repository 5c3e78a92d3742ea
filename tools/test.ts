import { runSteps } from "./steps.ts";

/**
 * `npm test`: what lets a person trust a checkout. Needs Linux and, for etcd's own programs and suites, Go: they are
 * built once and kept in the user's cache folder.
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
  { name: "etcd's suite common", command: ["node", "tools/conformance.ts"] },
]);
