import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Directive, parseDataDriven } from "../../support/data-driven.ts";
import { confChangeScript } from "./conf-change-script.ts";
import { interactionScript } from "./interaction-script.ts";
import { quorumScript } from "./quorum-script.ts";

/** Runs the directives of one file in order and keeps state between them. */
export type Script = (directive: Directive) => string;

const folders: Readonly<Record<string, () => Script>> = {
  quorum: quorumScript,
  confchange: confChangeScript,
  interaction: interactionScript,
};

/** A directive and what our raft answered. */
export interface Outcome {
  readonly directive: Directive;
  readonly actual: string;
}

/** All outcomes of one file. */
export interface FileOutcome {
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}

/** Runs every vector file; a directive that throws has the error as its output. */
export function runVectors(): FileOutcome[] {
  const root = join(import.meta.dirname, "testdata");
  return Object.entries(folders).flatMap(([folder, makeScript]) =>
    readdirSync(join(root, folder))
      .toSorted()
      .map((file) => ({ name: `${folder}/${file}`, outcomes: runFile(join(root, folder, file), makeScript()) })),
  );
}

function runFile(path: string, script: Script): Outcome[] {
  return parseDataDriven(readFileSync(path, "utf8")).map((directive) => ({
    directive,
    actual: attempt(script, directive),
  }));
}

function attempt(script: Script, directive: Directive): string {
  try {
    return script(directive);
  } catch (error) {
    return `panic: ${String(error)}`;
  }
}
