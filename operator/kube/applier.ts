import { createHash } from "node:crypto";
import { FIELD_MANAGER } from "../types/names.ts";
import type { KubeClient } from "./kube-client.ts";
import type { KubeObject, WantedObject } from "./kube-object.ts";
import { keyText } from "./object-key.ts";
import type { ResourceKind } from "./resource-kind.ts";

/** Objects whose last application is remembered; beyond it the oldest is forgotten and applied once more. */
const REMEMBERED_MAX = 20_000;

/** Where an answer of the API server is put: the informer of that kind. */
export interface ObjectMemory<T extends KubeObject> {
  remember(object: T): void;
}

/** How much must be as it was seen. */
export type ApplyGuard = "none" | "unchanged";

interface Applied {
  /** What we asked for. */
  readonly wanted: string;
  /** Which fields were ours right afterwards. */
  readonly fields: string;
}

/**
 * Server-side apply that writes only when it has to. It remembers what it asked for and which fields were its own
 * afterwards: as long as both are the same, nothing is sent. The API server takes a field away from us as soon as
 * somebody else changes or removes it, so drift is seen there, while defaults and what admission adds are not mistaken
 * for it. After a restart each object is applied once; where nothing differs that changes nothing on the server.
 */
export class Applier {
  readonly #client: KubeClient;
  readonly #applied = new Map<string, Applied>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Makes the object be as wanted. `live` is the object as last seen, undefined if there is none; the answer is put into
   * `memory` and returned, or `live` itself if there was nothing to do. With the guard `unchanged` it is written only over
   * what was seen, else it fails with `Conflict`: for what was decided upon it, such as a number of pods.
   */
  async apply<T extends KubeObject>(
    kind: ResourceKind<T>,
    wanted: WantedObject,
    live: T | undefined,
    memory: ObjectMemory<T>,
    guard: ApplyGuard = "none",
  ): Promise<T> {
    const place = placeText(kind, wanted);
    const wantedHash = hashOf(wanted);
    if (live && isApplied(this.#applied.get(place), live, wantedHash)) return live;
    const object = await this.#client.apply(kind, live && guard === "unchanged" ? over(live, wanted) : wanted);
    this.#remember(place, { wanted: wantedHash, fields: ownFields(object) });
    memory.remember(object);
    return object;
  }

  #remember(place: string, applied: Applied): void {
    this.#applied.delete(place);
    this.#applied.set(place, applied);
    if (this.#applied.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#applied.keys();
    if (oldest !== undefined) this.#applied.delete(oldest);
  }
}

/** The API server refuses it if the object has another version by now. */
function over({ metadata: { resourceVersion } }: KubeObject, wanted: WantedObject): WantedObject {
  const metadata = { ...wanted.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
  return { ...wanted, metadata };
}

function isApplied(applied: Applied | undefined, live: KubeObject, wanted: string): boolean {
  if (!applied || live.metadata.deletionTimestamp !== undefined) return false;
  return applied.wanted === wanted && applied.fields === ownFields(live);
}

/** The fields that the API server counts as applied by us. */
function ownFields({ metadata }: KubeObject): string {
  const own = metadata.managedFields?.filter(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === "Apply" && (subresource ?? "") === "",
  );
  return stableText(own?.map(({ fieldsV1 }) => fieldsV1));
}

function placeText({ apiVersion, plural }: ResourceKind, { metadata }: WantedObject): string {
  return `${apiVersion} ${plural} ${keyText({ namespace: metadata?.namespace ?? "", name: metadata?.name ?? "" })}`;
}

function hashOf(wanted: WantedObject): string {
  return createHash("sha256").update(stableText(wanted)).digest("base64");
}

/** JSON with the fields of every object in one order. */
function stableText(value: unknown): string {
  return (
    JSON.stringify(value, (_name, part: unknown) =>
      typeof part === "object" && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).toSorted(([left], [right]) => (left < right ? -1 : 1)))
        : part,
    ) ?? ""
  );
}
