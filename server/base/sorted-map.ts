import { must } from "./assert.ts";
import type { ByteString } from "./byte-string.ts";
import { insertAt, lowerBound, upperBound } from "./sorted-array.ts";

/** Entries of a leaf and children of an inner node, at most. */
const WIDTH = 64;

interface Leaf<V> {
  readonly keys: ByteString[];
  readonly values: V[];
  next: Leaf<V> | undefined;
  previous: Leaf<V> | undefined;
}

/** `keys[i]` is not above any key of `children[i + 1]` and above all keys of `children[i]`. */
interface Inner<V> {
  readonly keys: ByteString[];
  readonly children: Node<V>[];
}

type Node<V> = Leaf<V> | Inner<V>;

/** A node that has been cut in two: the right half and the smallest key that belongs there. */
interface Split<V> {
  readonly key: ByteString;
  readonly right: Node<V>;
}

/**
 * A map in the order of its keys: a B+tree with linked leaves. Deleting frees a node only when it is empty
 * ("free at empty"), which keeps lookups logarithmic in the largest size the map ever had.
 */
export class SortedMap<V> {
  #root: Node<V> = newLeaf<V>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: ByteString): V | undefined {
    const leaf = this.#leafFor(key);
    const at = lowerBound(leaf.keys, key);
    return leaf.keys[at] === key ? leaf.values[at] : undefined;
  }

  set(key: ByteString, value: V): void {
    const split = this.#insert(this.#root, key, value);
    if (split) this.#root = { keys: [split.key], children: [this.#root, split.right] };
  }

  /** Whether the key was there. */
  delete(key: ByteString): boolean {
    const sizeBefore = this.#size;
    this.#remove(this.#root, key);
    let root = this.#root;
    while (isInner(root) && root.children.length === 1) root = must(root.children[0]);
    this.#root = root;
    return this.#size < sizeBefore;
  }

  /**
   * Visits the entries with from ≤ key < to (undefined: to the end) in order, at most `limit` of them and none
   * after one for which the visitor returned false. Returns the key to go on from, undefined if the range is
   * done. The visitor must not change the map.
   */
  scan(
    from: ByteString,
    to: ByteString | undefined,
    limit: number,
    visit: (key: ByteString, value: V) => unknown,
  ): ByteString | undefined {
    let leaf: Leaf<V> | undefined = this.#leafFor(from);
    let at = lowerBound(leaf.keys, from);
    let left = limit;
    while (leaf) {
      for (; at < leaf.keys.length; at++) {
        const key = leaf.keys[at] as ByteString;
        if (to !== undefined && key >= to) return undefined;
        if (left-- === 0) return key;
        if (visit(key, leaf.values[at] as V) === false) left = 0;
      }
      leaf = leaf.next;
      at = 0;
    }
    return undefined;
  }

  #leafFor(key: ByteString): Leaf<V> {
    let node = this.#root;
    while (isInner(node)) node = node.children[upperBound(node.keys, key)] as Node<V>;
    return node;
  }

  #insert(node: Node<V>, key: ByteString, value: V): Split<V> | undefined {
    if (!isInner(node)) return this.#insertIntoLeaf(node, key, value);
    const at = upperBound(node.keys, key);
    const split = this.#insert(node.children[at] as Node<V>, key, value);
    if (!split) return undefined;
    insertAt(node.keys, at, split.key);
    insertAt(node.children, at + 1, split.right);
    return node.children.length > WIDTH ? splitInner(node) : undefined;
  }

  #insertIntoLeaf(leaf: Leaf<V>, key: ByteString, value: V): Split<V> | undefined {
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] === key) {
      leaf.values[at] = value;
      return undefined;
    }
    this.#size++;
    insertAt(leaf.keys, at, key);
    insertAt(leaf.values, at, value);
    if (leaf.keys.length <= WIDTH) return undefined;
    // Keys that come in ascending order leave full leaves behind.
    const isAppend = leaf.next === undefined && at === WIDTH;
    return splitLeaf(leaf, isAppend ? WIDTH : WIDTH >> 1);
  }

  /** Whether the node is empty now. */
  #remove(node: Node<V>, key: ByteString): boolean {
    if (!isInner(node)) return this.#removeFromLeaf(node, key);
    const at = upperBound(node.keys, key);
    if (!this.#remove(node.children[at] as Node<V>, key)) return false;
    node.children.splice(at, 1);
    node.keys.splice(Math.max(at - 1, 0), 1);
    return node.children.length === 0;
  }

  #removeFromLeaf(leaf: Leaf<V>, key: ByteString): boolean {
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] !== key) return false;
    this.#size--;
    leaf.keys.splice(at, 1);
    leaf.values.splice(at, 1);
    if (leaf.keys.length > 0 || leaf === this.#root) return false;
    if (leaf.previous) leaf.previous.next = leaf.next;
    if (leaf.next) leaf.next.previous = leaf.previous;
    return true;
  }
}

function newLeaf<V>(): Leaf<V> {
  return { keys: [], values: [], next: undefined, previous: undefined };
}

function isInner<V>(node: Node<V>): node is Inner<V> {
  return "children" in node;
}

function splitLeaf<V>(leaf: Leaf<V>, at: number): Split<V> {
  const right: Leaf<V> = {
    keys: leaf.keys.splice(at),
    values: leaf.values.splice(at),
    next: leaf.next,
    previous: leaf,
  };
  if (leaf.next) leaf.next.previous = right;
  leaf.next = right;
  return { key: must(right.keys[0]), right };
}

function splitInner<V>(node: Inner<V>): Split<V> {
  const half = node.children.length >> 1;
  const right: Inner<V> = { keys: node.keys.splice(half), children: node.children.splice(half) };
  return { key: must(node.keys.pop()), right };
}
