import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloads, builds and throwaway clusters of this project are kept. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "kvorum");
}
