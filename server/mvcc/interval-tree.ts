import type { ByteString } from "../base/byte-string.ts";
import type { Random } from "../base/prng.ts";
import { seededRandom } from "../base/prng.ts";

interface Node<V> {
  readonly from: ByteString;
  /** Undefined: to the end. */
  readonly to: ByteString | undefined;
  readonly value: V;
  readonly priority: number;
  left: Node<V> | undefined;
  right: Node<V> | undefined;
  /** The largest `to` in this subtree. */
  maxTo: ByteString | undefined;
}

type Tree<V> = Node<V> | undefined;

/**
 * Intervals [from, to) of keys with a value each, asked for all that hold a key: a treap in the order of the
 * intervals whose nodes know the largest end below them. Its shape is drawn from a seeded generator.
 */
export class IntervalTree<V> {
  readonly #random: Random = seededRandom(1);
  #root: Tree<V>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The value of exactly this interval. */
  get(from: ByteString, to: ByteString | undefined): V | undefined {
    let node = this.#root;
    while (node) {
      const order = compareIntervals(from, to, node);
      if (order === 0) return node.value;
      node = order < 0 ? node.left : node.right;
    }
    return undefined;
  }

  /** The interval must not be there yet. */
  add(from: ByteString, to: ByteString | undefined, value: V): void {
    const priority = this.#random.below(0x7fffffff);
    const node: Node<V> = { from, to, value, priority, left: undefined, right: undefined, maxTo: to };
    this.#root = insert(this.#root, node);
    this.#size++;
  }

  /** The interval must be there. */
  remove(from: ByteString, to: ByteString | undefined): void {
    this.#root = remove(this.#root, from, to);
    this.#size--;
  }

  /** Visits the values of all intervals that hold the key. */
  stab(key: ByteString, visit: (value: V) => void): void {
    stab(this.#root, key, visit);
  }
}

function stab<V>(node: Tree<V>, key: ByteString, visit: (value: V) => void): void {
  if (!node || (node.maxTo !== undefined && node.maxTo <= key)) return;
  stab(node.left, key, visit);
  if (node.from > key) return;
  if (node.to === undefined || key < node.to) visit(node.value);
  stab(node.right, key, visit);
}

function insert<V>(root: Tree<V>, node: Node<V>): Node<V> {
  if (!root) return node;
  if (node.priority > root.priority) {
    [node.left, node.right] = split(root, node.from, node.to);
    return updated(node);
  }
  if (compareIntervals(node.from, node.to, root) < 0) root.left = insert(root.left, node);
  else root.right = insert(root.right, node);
  return updated(root);
}

function remove<V>(root: Tree<V>, from: ByteString, to: ByteString | undefined): Tree<V> {
  if (!root) return undefined;
  const order = compareIntervals(from, to, root);
  if (order === 0) return merge(root.left, root.right);
  if (order < 0) root.left = remove(root.left, from, to);
  else root.right = remove(root.right, from, to);
  return updated(root);
}

/** All below the interval, and all above it. */
function split<V>(root: Tree<V>, from: ByteString, to: ByteString | undefined): [Tree<V>, Tree<V>] {
  if (!root) return [undefined, undefined];
  if (compareIntervals(from, to, root) < 0) {
    const [below, above] = split(root.left, from, to);
    root.left = above;
    return [below, updated(root)];
  }
  const [below, above] = split(root.right, from, to);
  root.right = below;
  return [updated(root), above];
}

/** Joins two trees of which all of the first is below all of the second. */
function merge<V>(low: Tree<V>, high: Tree<V>): Tree<V> {
  if (!low) return high;
  if (!high) return low;
  if (low.priority > high.priority) {
    low.right = merge(low.right, high);
    return updated(low);
  }
  high.left = merge(low, high.left);
  return updated(high);
}

function updated<V>(node: Node<V>): Node<V> {
  let max = node.to;
  if (node.left) max = later(max, node.left.maxTo);
  if (node.right) max = later(max, node.right.maxTo);
  node.maxTo = max;
  return node;
}

function later(a: ByteString | undefined, b: ByteString | undefined): ByteString | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}

function compareIntervals<V>(from: ByteString, to: ByteString | undefined, node: Node<V>): number {
  if (from !== node.from) return from < node.from ? -1 : 1;
  if (to === node.to) return 0;
  if (to === undefined) return 1;
  return node.to === undefined || to < node.to ? -1 : 1;
}
