/** What became of the inputs of one kind. */
export class Tally {
  sent = 0;
  /** Valid after all, and not to be sent: they could change something without anybody's right to do so. */
  leftOut = 0;
  /** Not even the beginning of an answer in time. */
  unanswered = 0;
  readonly #outcomes = new Map<string, number>();

  onAnswer(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1);
  }

  /** Such as "grpc-status 13: 400, grpc-status 3: 20". */
  get text(): string {
    const parts = [...this.#outcomes]
      .toSorted(([, a], [, b]) => b - a)
      .map(([outcome, count]) => `${outcome}: ${String(count)}`);
    return `${String(this.sent)} sent, ${String(this.leftOut)} left out (${parts.join(", ")})`;
  }
}

/** Runs `count` cases, so many at a time. */
export async function inParallel(count: number, width: number, run: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left--;
      await run();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}
