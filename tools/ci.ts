import { runSteps } from "./steps.ts";

/** `.ci/run`: what the README tells a newcomer to type, then short forms of the long suites. */
await runSteps([
  { name: "npm test", command: ["npm", "test", "--silent"] },
  { name: "npm run cluster", command: ["node", "tools/cluster.ts", "--check"] },
  { name: "crash, short", command: ["node", "test/integration/crash.ts", "--kills", "12"] },
  { name: "membership under load", command: ["node", "test/integration/membership.ts"], attempts: 2 },
  {
    name: "catch-up, short",
    command: ["node", "test/integration/catch-up.ts", "--keys", "20000", "--rounds", "0", "--shared-machine"],
  },
  { name: "malformed input, short", command: ["node", "test/integration/fuzz.ts", "--cases", "10000"] },
  {
    name: "a Kubernetes control plane, short",
    command: ["node", "test/integration/control-plane.ts", "--minutes", "2", "--deployments", "10", "--rounds", "4"],
  },
  // The suite refuses to judge a run in which it wrote fewer than 100 requests a second, which other work on the machine can cause.
  {
    name: "etcd's robustness suite, one round",
    command: ["node", "tools/robustness.ts", "--rounds", "1"],
    attempts: 3,
  },
]);
