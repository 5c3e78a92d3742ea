import type { EtcdCluster } from "../types/etcd-cluster.ts";
import { quantityValue } from "../types/quantity.ts";

/** The part of a claim that says how large it is to be. */
export interface ClaimSize {
  readonly spec?: { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } };
}

/** A merge patch that asks for a larger volume. */
export interface ClaimGrowth {
  readonly spec: { readonly resources: { readonly requests: { readonly storage: string } } };
}

/**
 * What to change in a claim that is smaller than the spec wants; undefined if it is not. A StatefulSet's claim template
 * cannot change, so claims grow one by one, also those of members that come later. They never shrink.
 */
export function claimGrowth({ spec: { storage } }: EtcdCluster, claim: ClaimSize): ClaimGrowth | undefined {
  const current = quantityValue(claim.spec?.resources?.requests?.["storage"] ?? "");
  const wanted = quantityValue(storage.size);
  if (current === undefined || wanted === undefined || current >= wanted) return undefined;
  return { spec: { resources: { requests: { storage: String(storage.size) } } } };
}
