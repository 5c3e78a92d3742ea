import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEtcd, startKvorum } from "../../support/etcd-binaries.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { badAnswers, type BadAnswer } from "./bad-answers.ts";
import { BAD_CALLS } from "./bad-calls.ts";

/** Recorded from real etcd 3.6.16; RECORD=1 writes it anew. */
const GOLDEN = join(import.meta.dirname, "../golden/bad-input/answers.json");

function golden(): readonly BadAnswer[] {
  return JSON.parse(readFileSync(GOLDEN, "utf8")) as readonly BadAnswer[];
}

test("real etcd answers bad calls as recorded", async () => {
  const { endpoint } = await startEtcd(tempFolder());
  const answers = await badAnswers(endpoint);
  if (process.env["RECORD"] === "1") {
    writeFileSync(GOLDEN, `[\n${answers.map((answer) => JSON.stringify(answer)).join(",\n")}\n]\n`);
  }
  expect(answers).toEqual(golden());
});

test("Kvorum answers every bad call with etcd's code and message", async () => {
  const { endpoint } = await startKvorum(tempFolder());
  const answers = await badAnswers(endpoint);
  const expected = golden();
  console.log(`${String(BAD_CALLS.length)} bad calls`);
  expect(BAD_CALLS.length).toBeGreaterThanOrEqual(150);
  expect(answers).toHaveLength(expected.length);
  expect(answers.filter((answer, at) => JSON.stringify(answer) !== JSON.stringify(expected[at]))).toEqual(
    expected.filter((answer, at) => JSON.stringify(answer) !== JSON.stringify(answers[at])),
  );
});
