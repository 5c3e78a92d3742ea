/** The checks of one long run: each is printed when it is known, the last line counts them. */
export class Verdicts {
  #passed = 0;
  #failed = 0;

  /** Whether a check has failed so far. */
  get hasFailed(): boolean {
    return this.#failed > 0;
  }

  check(isPassed: boolean, sentence: string): boolean {
    if (isPassed) this.#passed++;
    else this.#failed++;
    console.log(`${isPassed ? "ok  " : "FAIL"} ${sentence}`);
    return isPassed;
  }

  /** Runs a whole harness: whatever it throws is one failure more. Prints the count and sets the exit code. */
  async conclude(run: () => Promise<void>): Promise<never> {
    try {
      await run();
    } catch (error) {
      this.check(false, `the run came to its end: ${inspect(error)}`);
    }
    console.log(`${String(this.#passed)} passed, ${String(this.#failed)} failed`);
    process.exit(this.#failed === 0 && this.#passed > 0 ? 0 : 1);
  }
}

function inspect(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack ?? error.message}${error.cause === undefined ? "" : `\n  because: ${inspect(error.cause)}`}`;
}
