import { runSteps } from "./steps.ts";

/** `npm run verify`: everything in its long form, with figures. Takes hours. */
await runSteps([
  { name: "npm test", command: ["npm", "test", "--silent"] },
  { name: "cluster simulation", command: ["node", "tools/sim.ts", "--seeds", "2000"] },
  { name: "robustness, three rounds", command: ["node", "tools/robustness.ts", "--rounds", "3"] },
  { name: "crash, 200 kills", command: ["node", "test/integration/crash.ts", "--kills", "200"] },
  { name: "membership under load", command: ["node", "test/integration/membership.ts"] },
  { name: "catch-up, a million keys", command: ["node", "test/integration/catch-up.ts", "--keys", "1000000"] },
  { name: "restarts behind proxies", command: ["node", "test/integration/restart-loop.ts"] },
  { name: "event loop", command: ["node", "test/integration/event-loop.ts"] },
  { name: "etcd's suite e2e", command: ["node", "tools/conformance.ts", "--suite", "e2e"] },
  { name: "clients of other languages", command: ["node", "test/conformance/clients/run.ts"] },
  { name: "etcd's alerts and dashboards", command: ["node", "test/integration/mixin.ts"] },
  { name: "malformed input", command: ["node", "test/integration/fuzz.ts"] },
  { name: "a Kubernetes control plane, 20 minutes", command: ["node", "test/integration/control-plane.ts"] },
  { name: "backups and restores", command: ["node", "test/integration/backup.ts"] },
  {
    name: "the plan, explored",
    command: ["node", "test/simulation/operator/explore.ts", "--members", "3", "--faults", "2"],
  },
  { name: "the idle operator", command: ["node", "test/integration/operator-idle.ts"] },
  { name: "end to end, all", command: ["node", "test/e2e/run.ts", "--all"] },
  { name: "a full disk", command: ["node", "test/integration/full-disk.ts"] },
  { name: "bench", command: ["node", "test/bench/bench.ts"] },
]);
