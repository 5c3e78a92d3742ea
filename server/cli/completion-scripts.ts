/** What may follow a command: its subcommands, its flags, and arguments of which there are only some. */
export interface Completion {
  /** Names from the tool's on, without it. */
  readonly path: readonly string[];
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly flags: readonly { readonly name: string; readonly description: string; readonly takesValue: boolean }[];
  readonly arguments: readonly string[];
}

/** For bash: words by the command typed so far, files where none fits. */
export function bashCompletion(tool: string, completions: readonly Completion[]): string {
  const known = completions.filter(({ path }) => path.length > 0).map(({ path }) => `"${pathText(path)}"`);
  const cases = completions.map((each) => `    "${pathText(each.path)}") words="${wordsOf(each).join(" ")}" ;;`);
  return `# bash completion for ${tool}
_${tool}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
      ${known.join(" | ")}) path="$path $word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${tool} ${tool}
`;
}

/** For zsh, which can run what is made for bash. */
export function zshCompletion(tool: string, completions: readonly Completion[]): string {
  return `#compdef ${tool}
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(tool, completions)}`;
}

/** For fish. */
export function fishCompletion(tool: string, completions: readonly Completion[]): string {
  const lines = completions.flatMap((each) => {
    const when = fishCondition(each, completions);
    const commands = each.commands.map(({ name, description }) => `-f -a ${name} -d ${quoted(description)}`);
    const values = each.arguments.map((value) => `-f -a ${value}`);
    const flags = each.flags.map(
      ({ name, description, takesValue }) => `-l ${name.slice(2)}${takesValue ? " -r" : ""} -d ${quoted(description)}`,
    );
    return [...commands, ...values, ...flags].map((rest) => `complete -c ${tool} -n ${quoted(when)} ${rest}`);
  });
  return `# fish completion for ${tool}\n${lines.join("\n")}\n`;
}

/** After its own names, and before those of a command below it. */
function fishCondition({ path, commands }: Completion, all: readonly Completion[]): string {
  const above = path.map((name) => `__fish_seen_subcommand_from ${name}`);
  const below = commands.map(({ name }) => name);
  const isLeaf = below.length === 0 || !all.some((each) => each.path.length > path.length);
  const conditions = [...above, ...(isLeaf ? [] : [`not __fish_seen_subcommand_from ${below.join(" ")}`])];
  return conditions.join("; and ");
}

/** For PowerShell. */
export function powershellCompletion(tool: string, completions: readonly Completion[]): string {
  const cases = completions.map(
    (each) => `    ${quoted(pathText(each.path))} = @(${wordsOf(each).map(quoted).join(", ")})`,
  );
  return `# powershell completion for ${tool}
Register-ArgumentCompleter -Native -CommandName ${tool} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${cases.join("\n")}
  }
  $path = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    if ($words.ContainsKey("$path $element")) { $path = "$path $element" }
  }
  $words[$path] | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`;
}

function pathText(path: readonly string[]): string {
  return path.map((name) => ` ${name}`).join("");
}

function wordsOf({ commands, flags, arguments: values }: Completion): readonly string[] {
  return [...commands.map(({ name }) => name), ...values, ...flags.map(({ name }) => name)];
}

/** All three shells take single quotes around a text; ours hold none that would end them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}
