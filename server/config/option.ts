/** How the text of a flag becomes a value, and which texts are refused. */
export type OptionKind =
  "bool" | "string" | "strings" | "int" | "uint" | "uint32" | "duration" | "urls" | "feature-gates";

/** What setting a flag does. `works`: it has etcd's effect. `ignored`: it has none, because what it tunes does not exist here. */
export type OptionStatus = "works" | "ignored";

/** One flag: everything that the command line, the environment, the configuration file and the help know of it. */
export interface Option {
  readonly name: string;
  readonly kind: OptionKind;
  /** The default as one would type it; it parses like any other value. */
  readonly default: string;
  /** What the help shows instead, where the default is worked out from other flags. */
  readonly defaultShown?: string;
  readonly help: string;
  readonly status: OptionStatus;
  /** The only texts that are values at all. */
  readonly choices?: readonly string[];
  /** Whether a message about another text repeats it, as etcd's does for flags that once took several. */
  readonly repeatsBadChoice?: true;
  /** Never repeated in a message. */
  readonly secret?: true;
  /** etcd's own warning for whoever still sets it. */
  readonly deprecation?: string;
}
