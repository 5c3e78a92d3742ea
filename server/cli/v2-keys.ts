import { isMapping } from "../base/is-mapping.ts";

/** The keys of an etcd of release 3.5 or before, as far as discovery needs them (etcd's v2 API). */
export interface V2Keys {
  /** A key, or a folder with what is in it. Rejects with Unavailable where asking again may help. */
  get(path: string): Promise<V2Answer>;
  /** Writes a key that must not be there yet. */
  create(path: string, value: string): Promise<V2Answer>;
  /** The first change after an index, of a key or of what is in a folder. Rejects with Unavailable as `get` does. */
  changeAfter(index: number, path: string, scope: "key" | "folder"): Promise<V2Answer>;
}

/** What was found, or what has changed. */
export interface V2Answer {
  readonly node: V2Node;
  /** The service's index when it answered: what comes later is a change after it. */
  readonly index: number;
}

/** A key or a folder. */
export interface V2Node {
  readonly key: string;
  readonly value: string;
  readonly createdIndex: number;
  readonly modifiedIndex: number;
  /** What is in a folder. */
  readonly nodes: readonly V2Node[];
}

/** The service answered that it cannot do this. */
export class V2KeysError extends Error {
  override readonly name = "V2KeysError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What answers is no v2 API. */
export class NoV2KeysError extends Error {
  override readonly name = "NoV2KeysError";
}

/** Nobody answers, or one that has no leader at present. */
export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
}

/** The service's number for a key that is there already. */
export const V2_NODE_EXISTS = 105;

/** Reads the body of an answer that says yes; undefined if it is none of the v2 API. */
export function parseV2Answer(body: string, index: string | undefined): V2Answer | undefined {
  const answer = parseObject(body);
  const node = answer && readNode(answer["node"]);
  return node && { node, index: Number(index ?? 0) };
}

/** Reads the body of an answer that says no, in the form in which etcd shows it; undefined if it is none of the v2 API. */
export function parseV2Refusal(body: string): V2KeysError | undefined {
  const answer = parseObject(body);
  if (answer === undefined) return undefined;
  const { errorCode = 0, message = "", cause = "", index = 0 } = answer;
  return new V2KeysError(
    Number(errorCode),
    `${String(errorCode)}: ${String(message)} (${String(cause)}) [${String(index)}]`,
  );
}

function readNode(value: unknown): V2Node | undefined {
  if (!isMapping(value)) return undefined;
  // The root of all keys has none.
  const { key = "", value: text, createdIndex, modifiedIndex, nodes } = value;
  if (typeof key !== "string") return undefined;
  const inside = Array.isArray(nodes) ? nodes.map(readNode).filter((node) => node !== undefined) : [];
  return {
    key,
    value: typeof text === "string" ? text : "",
    createdIndex: Number(createdIndex ?? 0),
    modifiedIndex: Number(modifiedIndex ?? 0),
    nodes: inside,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
