/** What is remembered of a pod whose status the API server acknowledged. */
type Fate = "running" | "deleting" | "deleted";

/** Every pod that was acknowledged as running, and what its kubelet asked for afterwards. */
export class PodLedger {
  readonly #fates = new Map<string, { readonly name: string; readonly fate: Fate }>();

  get started(): number {
    return this.#fates.size;
  }

  /** How many are gone for good. */
  get deletedForGood(): number {
    return [...this.#fates.values()].filter(({ fate }) => fate === "deleted").length;
  }

  /** The API server has acknowledged that it runs. */
  running(uid: string, name: string): void {
    if (!this.#fates.has(uid)) this.#fates.set(uid, { name, fate: "running" });
  }

  /** Its final deletion is asked for: from now on it may be gone. */
  deleting(uid: string, name: string): void {
    this.#fates.set(uid, { name, fate: "deleting" });
  }

  /** The deletion was acknowledged. */
  gone(uid: string, name: string): void {
    this.#fates.set(uid, { name, fate: "deleted" });
  }

  /** Pods that are not there though nobody finally deleted them, and pods that are there though they were deleted. */
  judge(present: ReadonlySet<string>): readonly string[] {
    const wrong: string[] = [];
    for (const [uid, { name, fate }] of this.#fates) {
      if (fate === "running" && !present.has(uid)) wrong.push(`pod ${name} was lost`);
      if (fate === "deleted" && present.has(uid)) wrong.push(`pod ${name} came back`);
    }
    return wrong;
  }
}
