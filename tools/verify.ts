import { runSteps } from "./steps.ts";

/** `npm run verify`: everything in its long form, with figures. Takes hours. */
await runSteps([
  { name: "npm test", command: ["npm", "test", "--silent"] },
  { name: "cluster simulation", command: ["node", "tools/sim.ts", "--seeds", "2000"] },
  { name: "robustness, three rounds", command: ["node", "tools/robustness.ts", "--rounds", "3"] },
  { name: "crash, 200 kills", command: ["node", "test/integration/crash.ts", "--kills", "200"] },
  { name: "membership under load", command: ["node", "test/integration/membership.ts"] },
  { name: "catch-up, a million keys", command: ["node", "test/integration/catch-up.ts", "--keys", "1000000"] },
  { name: "bench", command: ["node", "test/bench/bench.ts"] },
]);
