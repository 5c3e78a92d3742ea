/** One argument of a directive: `key`, `key=value` or `key=(value, value)`. */
export interface DirectiveArgument {
  readonly key: string;
  readonly values: readonly string[];
}

/** One step of a script: a command line, its input, and the output that is expected. */
export interface Directive {
  readonly line: number;
  readonly command: string;
  readonly args: readonly DirectiveArgument[];
  readonly input: string;
  readonly expected: readonly string[];
}

const SEPARATOR = "----";

/**
 * Reads a data-driven test script: comments begin with `#`, a directive's input ends at a line `----`, its
 * expected output at a blank line or, where it contains blank lines, at two more separators.
 */
export function parseDataDriven(text: string): Directive[] {
  const lines = text.split("\n");
  const directives: Directive[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = at + 1;
    const command = lines[at++]!.trim();
    if (command === "" || command.startsWith("#")) continue;
    const input: string[] = [];
    while (at < lines.length && lines[at] !== SEPARATOR) input.push(lines[at++]!);
    at++;
    const expected: string[] = [];
    if (lines[at] === SEPARATOR) {
      at++;
      while (at < lines.length && !(lines[at] === SEPARATOR && lines[at + 1] === SEPARATOR))
        expected.push(lines[at++]!);
      at += 2;
    } else {
      while (at < lines.length && lines[at]!.trim() !== "") expected.push(lines[at++]!);
    }
    directives.push({ line, ...parseDirective(command), input: input.join("\n").trim(), expected });
  }
  return directives;
}

function parseDirective(line: string): Pick<Directive, "command" | "args"> {
  const [, command, rest] = /^(\S+)\s*(.*)$/.exec(line)!;
  const args: DirectiveArgument[] = [];
  for (const [, key, list, value] of rest!.matchAll(/([^\s=]+)(?:=(?:\(([^)]*)\)|(\S*)))?/g)) {
    args.push({ key: key!, values: list === undefined ? (value === undefined ? [] : [value]) : list.split(/,\s*/) });
  }
  return { command: command!, args };
}

/** The values of an argument, empty if it is not given. */
export function valuesOf(directive: Directive, key: string): readonly string[] {
  return directive.args.find((arg) => arg.key === key)?.values ?? [];
}
