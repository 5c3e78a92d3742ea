/** Requests that may wait for their handler before the client is slowed down. */
const MAX_WAITING = 64;

/** What a queue needs of its source to hold it back. */
export interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

/** Turns a stream of pushed requests into an async iterable, holding the source back when the reader is slow. */
export class RequestQueue<T> implements AsyncIterable<T> {
  readonly #source: Pausable;
  readonly #waiting: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(source: Pausable) {
    this.#source = source;
  }

  push(request: T): void {
    this.#waiting.push(request);
    if (this.#waiting.length >= MAX_WAITING) this.#source.pause();
    this.#notify();
  }

  end(): void {
    this.#ended = true;
    this.#notify();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const next = this.#waiting.shift();
      if (next !== undefined) {
        if (this.#waiting.length === MAX_WAITING - 1) this.#source.resume();
        yield next;
        continue;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
