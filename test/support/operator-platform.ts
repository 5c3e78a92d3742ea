import type { Platform } from "../../operator/resources/platform.ts";

/** An operator that runs somewhere. */
export const PLATFORM: Platform = {
  image: "localhost/kvorum:dev",
  version: "0.2.0",
  permitPublicKey: "cHVibGlj",
};
