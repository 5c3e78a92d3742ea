import { join } from "node:path";
import type { Program } from "./program.ts";

/** The line in its log that says that claims are watched. */
export const PROVISIONER_READY = "watching claims and volumes";

/** The provisioner as a program of the cluster. */
export const provisioner: Program = {
  name: "provisioner",
  command: [process.execPath, "--no-warnings", join(import.meta.dirname, "provisioner.ts")],
};
