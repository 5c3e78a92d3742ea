import type { EtcdClusterSpec } from "../types/etcd-cluster-spec.ts";
import type { Platform } from "./platform.ts";

/**
 * The image that a cluster's members run: the operator's own unless the spec names another repository, release or
 * digest. A digest is exact, so the tag is left out beside it.
 */
export function memberImage(
  { image, version }: Pick<EtcdClusterSpec, "image" | "version">,
  platform: Platform,
): string {
  if (image.repository === undefined && image.digest === undefined && version === undefined) return platform.image;
  const own = partsOf(platform.image);
  const repository = image.repository ?? own.repository;
  if (image.digest !== undefined) return `${repository}@${image.digest}`;
  return `${repository}:${version ?? own.tag ?? platform.version}`;
}

/** A colon in the last part of the path begins a tag; one before it belongs to the registry's port. */
function partsOf(image: string): { readonly repository: string; readonly tag: string | undefined } {
  const [name = ""] = image.split("@");
  const colon = name.lastIndexOf(":");
  return colon > name.lastIndexOf("/")
    ? { repository: name.slice(0, colon), tag: name.slice(colon + 1) }
    : { repository: name, tag: undefined };
}
