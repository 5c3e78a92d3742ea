import { CommandError } from "./command-error.ts";

/** The one argument that a command takes; the other commands of etcdutl count theirs in words of their own. */
export function exactlyOne(args: readonly string[]): string {
  const [only] = args;
  if (only === undefined || args.length > 1) {
    throw new CommandError(`accepts 1 arg(s), received ${String(args.length)}`);
  }
  return only;
}

/** The flags that have to be given, by their names in `Flags`; all that are missing are named at once, as etcd's tools do. */
export function requireFlags<Name extends string>(
  flags: Readonly<Partial<Record<NoInfer<Name>, string>>>,
  required: Readonly<Record<Name, string>>,
): Readonly<Record<Name, string>> {
  const names = Object.keys(required) as Name[];
  const missing = names.filter((name) => flags[name] === undefined).map((name) => JSON.stringify(required[name]));
  if (missing.length > 0) throw new CommandError(`required flag(s) ${missing.join(", ")} not set`);
  return flags as Readonly<Record<Name, string>>;
}
