import type { DuplexStream } from "../../server/client/calls.ts";

/** A duplex stream whose server is the test: what was sent can be looked at, answers and the end come when the test says so. */
export class ScriptedStream<Request, Response> implements DuplexStream<Request, Response> {
  readonly sent: Request[] = [];
  isCancelled = false;
  readonly #answers: Response[] = [];
  #ended: { readonly error: Error | undefined } | undefined;
  #wake: () => void = () => {};

  answer(response: Response): void {
    this.#answers.push(response);
    this.#wake();
  }

  /** The server's end, or the connection's. */
  finish(error?: Error): void {
    this.#ended ??= { error };
    this.#wake();
  }

  async send(request: Request): Promise<void> {
    this.sent.push(request);
  }

  end(): void {
    this.finish();
  }

  cancel(): void {
    this.isCancelled = true;
    this.finish();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Response> {
    for (;;) {
      const next = this.#answers.shift();
      if (next !== undefined) {
        yield next;
      } else if (this.#ended !== undefined) {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}
