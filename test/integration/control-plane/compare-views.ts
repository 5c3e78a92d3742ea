import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterMember } from "../../support/cluster.ts";
import { bytes } from "../../support/etcd-client.ts";
import { waitUntil } from "../../support/wait-until.ts";
import type { KubeApi } from "./kube-api.ts";
import type { ResourceWatcher } from "./resource-watcher.ts";
import type { WatchedResource } from "./watched-resources.ts";
import { differences, keyOf, viewOf, type View } from "./watched-state.ts";

const ATTEMPTS = 20;
const PAUSE_MS = 500;
const PAGE_KEYS = 1000;
const MEMBER_TIMEOUT_MS = 30_000;
const REGISTRY = "/registry/";
const REGISTRY_END = "/registry0";

/** What was compared for one resource. */
export interface Comparison {
  readonly resource: string;
  readonly objects: number;
  readonly wrong: readonly string[];
}

/**
 * A watcher's state, a list at a quorum and a list from the watch cache. What still changes, as leases do, is compared again:
 * an object that one of them has lost or never heard of stays different.
 */
export async function compareWatcher(api: KubeApi, { resource, state }: ResourceWatcher): Promise<Comparison> {
  for (let attempt = 1; ; attempt++) {
    const list = await api.list(resource.path);
    await sleep(PAUSE_MS);
    const quorum = viewOf(list);
    const cached = viewOf(await api.list(resource.path, "?resourceVersion=0"));
    const wrong = [
      ...differences(quorum, state.view, ["the list", "the watcher"]),
      ...differences(quorum, cached, ["the list", "the cache"]),
    ];
    if (wrong.length === 0 || attempt === ATTEMPTS) return { resource: resource.name, objects: quorum.size, wrong };
  }
}

/** A list of the API, and the same resource's keys on each member at the list's revision: exactly equal, whatever is written. */
export async function compareMembers(
  api: KubeApi,
  resource: WatchedResource,
  members: readonly ClusterMember[],
): Promise<Comparison> {
  const list = await api.list(resource.path);
  const expected = new Map(
    list.items.map((item) => [`${resource.registry}${keyOf(item)}`, item.metadata.resourceVersion]),
  );
  const wrong: string[] = [];
  for (const member of members) {
    const keys = await keysAt(member, BigInt(list.metadata.resourceVersion), resource.registry);
    wrong.push(...differences(expected, keys, ["the list", member.name]));
  }
  return { resource: resource.name, objects: expected.size, wrong };
}

/** All keys of the API server on each member, by serializable reads at one revision. */
export async function compareAllKeys(members: readonly ClusterMember[], revision: bigint): Promise<Comparison> {
  const [first, ...others] = members;
  if (!first) throw new Error("there are no members");
  const expected = await keysAt(first, revision, REGISTRY);
  const wrong: string[] = [];
  for (const other of others)
    wrong.push(...differences(expected, await keysAt(other, revision, REGISTRY), [first.name, other.name]));
  return { resource: REGISTRY, objects: expected.size, wrong };
}

/** The keys below a prefix with the revisions of their last change, read on this member alone once it has that revision. */
async function keysAt(member: ClusterMember, revision: bigint, prefix: string): Promise<View> {
  const view = new Map<string, string>();
  const rangeEnd = prefix === REGISTRY ? bytes(REGISTRY_END) : bytes(`${prefix.slice(0, -1)}0`);
  let key = bytes(prefix);
  for (;;) {
    const request = { key, rangeEnd, revision, serializable: true, keysOnly: true, limit: BigInt(PAGE_KEYS) };
    const page = await waitUntil(`${member.name} reads ${prefix}`, () => member.client.range(request), {
      timeoutMs: MEMBER_TIMEOUT_MS,
    });
    for (const kv of page.kvs) view.set(Buffer.from(kv.key).toString(), String(kv.modRevision));
    const last = page.kvs.at(-1);
    if (!page.more || !last) return view;
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}
