import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, beforeAll, onTestFinished } from "vitest";

type Undo = () => unknown;

/** What is undone at the end of whatever is under way here; none: at the end of the test. */
const current = new AsyncLocalStorage<Undo[]>();

/** Undoes something at the end of the test, or of the file or group of tests that it was started for (`forAll`). */
export function atEnd(undo: Undo): void {
  const undos = current.getStore();
  if (undos) undos.push(undo);
  else onTestFinished(async () => void (await undo()));
}

/**
 * Starts something for all tests of the file, or of the group in which it is called; what it starts registers its end
 * by `atEnd`, and is ended in the opposite order after the last of them. Returns how a test gets it.
 */
export function forAll<T>(start: () => Promise<T>): () => T {
  const undos: Undo[] = [];
  let started: { readonly value: T } | undefined;
  beforeAll(async () => {
    started = { value: await current.run(undos, start) };
  });
  afterAll(async () => {
    for (const undo of undos.splice(0).toReversed()) await undo();
  });
  return () => {
    if (!started) throw new Error("what is started for all tests is there only within one of them");
    return started.value;
  };
}
