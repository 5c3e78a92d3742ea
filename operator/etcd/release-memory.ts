/** Pods whose release is remembered; beyond it the one that was asked longest ago is asked again. */
const REMEMBERED_MAX = 4_096;

/** Which release the process of each pod is, which cannot change while it is the same pod: it is asked once. */
export class ReleaseMemory {
  readonly #releases = new Map<string, string>();

  of(podUid: string): string | undefined {
    return this.#releases.get(podUid);
  }

  remember(podUid: string, release: string): void {
    this.#releases.delete(podUid);
    this.#releases.set(podUid, release);
    if (this.#releases.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#releases.keys();
    if (oldest !== undefined) this.#releases.delete(oldest);
  }
}
