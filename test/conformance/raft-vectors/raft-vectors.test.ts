import { describe, expect, test } from "vitest";
import { comparedLines, difference } from "./comparison.ts";
import { runVectors } from "./run-vectors.ts";

const FILES = 41;
const DIRECTIVES = 743;

const files = runVectors();
const outcomes = files.flatMap((file) => file.outcomes);

describe("the vectors of etcd's raft", () => {
  test.each(files)("$name gives the expected output", ({ name, outcomes: own }) => {
    const differences = own.flatMap(({ directive, actual }) => {
      const found = difference(directive.expected, actual);
      return found === undefined ? [] : [`${name}:${directive.line} ${directive.command}: ${found}`];
    });
    expect(differences).toEqual([]);
  });

  test("all files and directives are run", () => {
    const isGood = ({ directive, actual }: (typeof outcomes)[number]) =>
      difference(directive.expected, actual) === undefined;
    const goodFiles = files.filter((file) => file.outcomes.every(isGood)).length;
    const good = outcomes.filter(isGood);
    const lines = good.reduce((sum, { directive }) => sum + comparedLines(directive.expected).length, 0);
    process.stdout.write(
      `raft vectors: ${goodFiles} of ${files.length} files, ${good.length} of ${outcomes.length} directives, ${lines} lines compared\n`,
    );
    expect([files.length, outcomes.length]).toEqual([FILES, DIRECTIVES]);
  });

  test("an expected line that is altered, missing or doubled is noticed", () => {
    const unnoticed: string[] = [];
    let altered = 0;
    for (const { directive, actual } of outcomes) {
      const lines = comparedLines(directive.expected);
      for (const [i, line] of lines.entries()) {
        const mutants = [lines.with(i, `${line}!`), lines.toSpliced(i, 1), lines.toSpliced(i, 0, line)];
        for (const mutant of mutants) {
          altered++;
          if (difference(mutant, actual) === undefined) unnoticed.push(`line ${directive.line}: ${line}`);
        }
      }
    }
    process.stdout.write(`raft vectors: ${altered} alterations of expected lines, ${unnoticed.length} unnoticed\n`);
    expect(unnoticed).toEqual([]);
  });
});
