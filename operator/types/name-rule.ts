import type { Rule } from "./schema.ts";

/** Refuses an object whose name would not do for the objects that are named after it. */
export function nameRule(kind: string, mostCharacters: number, why: string): Rule {
  const most = String(mostCharacters);
  return {
    rule: `self.metadata.name.size() <= ${most} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
    message: `the name of an ${kind} must have at most ${most} characters, lower-case letters, digits and '-', and begin with a letter: ${why}`,
  };
}
