import { must } from "../base/assert.ts";

/** Which of a peer's URLs to use: the one that worked last; a failure moves on to the next. */
export class UrlPicker {
  #urls: readonly string[];
  #picked = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  pick(): string {
    return must(this.#urls[this.#picked], "a peer has at least one URL");
  }

  /** Two that fail at once on the same URL move on by one. */
  unreachable(url: string): void {
    if (url === this.#urls[this.#picked]) this.#picked = (this.#picked + 1) % this.#urls.length;
  }

  update(urls: readonly string[]): void {
    if (urls.length === 0) return;
    this.#urls = urls;
    this.#picked = 0;
  }
}
