import { runSteps } from "./steps.ts";

/**
 * `.ci/run`: what the README tells a newcomer to type, then short forms of the long suites. The robustness suite is not among
 * them while a member may, rarely, not come back after a kill (CHANGELOG): run it by hand.
 */
await runSteps([
  { name: "npm test", command: ["npm", "test", "--silent"] },
  { name: "npm run cluster", command: ["node", "tools/cluster.ts", "--check"] },
  { name: "crash, short", command: ["node", "test/integration/crash.ts", "--kills", "12"] },
  { name: "membership under load", command: ["node", "test/integration/membership.ts"], attempts: 2 },
  { name: "catch-up, short", command: ["node", "test/integration/catch-up.ts", "--keys", "20000", "--shared-machine"] },
]);
