import { join } from "node:path";
import { binFolder } from "../go-binaries.ts";
import { importImages } from "./containerd-images.ts";
import { buildImage, KVORUM_IMAGE, type ImageOptions } from "./image.ts";
import { programImage, S3_GATEWAY_IMAGE } from "./program-image.ts";

/*
 * The throwaway Kubernetes, for the demo and the end-to-end tests: all that they may use of this folder.
 */
export { down, type DownOptions } from "./down.ts";
export { builtImageId } from "./image.ts";
export { kubectl, kubectlPath, kubectlWithInput } from "./kubectl.ts";
export { runInMachine } from "./machine.ts";
export { addresses, kubeconfigPath, logFolder, nodeName, volumesFolder } from "./places.ts";
export { runningStore } from "./running-store.ts";
export { startClusterProgram, stopClusterProgram } from "./programs.ts";
export { up, type UpOptions } from "./up.ts";
export { until } from "./until.ts";

/** Helm 3, of a release that knows the cluster's. */
export const helmPath = join(binFolder(), "helm");

/** Builds the image of this checkout, gives it to the node, and tells its name for `imagePullPolicy: Never`. */
export async function loadImage(options: ImageOptions = {}): Promise<string> {
  await importImages(await buildImage(options));
  return KVORUM_IMAGE;
}

/** Gives the node the image of an S3 server over a folder (its program is `/versitygw`) and tells its name. */
export async function loadS3Gateway(): Promise<string> {
  await importImages(programImage("versitygw", S3_GATEWAY_IMAGE));
  return S3_GATEWAY_IMAGE;
}
