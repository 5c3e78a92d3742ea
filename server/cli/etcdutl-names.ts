import type { Command } from "commander";

/** Flags of the whole tool that take a value, which must not be read as a command's name. */
const VALUE_FLAGS = new Set(["-w", "--write-out"]);

/** What etcd's tools take for a command: `help x` for `x --help`, and a beginning of a name that only one has. */
export function withWholeNames(program: Command, args: readonly string[]): readonly string[] {
  const words = [...args];
  let parent: Command | undefined = program;
  for (let at = 0; at < words.length && parent !== undefined; at++) {
    const word: string = words[at] ?? "";
    if (VALUE_FLAGS.has(word)) at++;
    if (word.startsWith("-")) continue;
    if (parent === program && word === "help") {
      words.splice(at--, 1);
      words.push("--help");
      continue;
    }
    parent = commandOf(parent, word);
    if (parent !== undefined) words[at] = parent.name();
  }
  return words;
}

function commandOf({ commands }: Command, word: string): Command | undefined {
  const exact = commands.find((command) => command.name() === word);
  const begins = commands.filter((command) => command.name().startsWith(word));
  return exact ?? (begins.length === 1 ? begins[0] : undefined);
}
