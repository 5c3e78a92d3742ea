import { assert, must } from "../base/assert.ts";
import type { ByteString } from "../base/byte-string.ts";
import type { Revision } from "../base/ids.ts";
import { insertAt, upperBound } from "../base/sorted-array.ts";
import { BLOCK_KEYS, ColumnPages } from "./column-page.ts";
import { KeyBlock } from "./key-block.ts";
import { KeyIndex } from "./key-index.ts";
import type { KeyRange } from "./key-range.ts";
import type { KeyVersion } from "./key-version.ts";

/** Children of an inner node, at most. */
const WIDTH = 64;

/** `keys[i]` is not above any key of `children[i + 1]` and above all keys of `children[i]`. */
interface Inner {
  readonly keys: ByteString[];
  readonly children: Node[];
}

type Node = KeyBlock | Inner;

/** A node that has been cut in two: the right half and the smallest key that belongs there. */
interface Split {
  readonly key: ByteString;
  readonly right: Node;
}

/**
 * All keys in order, each with its history: a B+tree whose leaves are blocks of keys, linked with each other. A
 * block goes when it is empty ("free at empty"), which keeps lookups logarithmic in the largest size the index
 * ever had.
 */
export class TreeIndex {
  readonly #pages = new ColumnPages();
  #root: Node = new KeyBlock(this.#pages);
  #aliveCount = 0;
  /** Where a key belongs that `get` did not find: it is likely to be added next. */
  #missing: { readonly key: ByteString; readonly block: KeyBlock; readonly position: number } | undefined;

  /** Keys that have a value now. */
  get aliveCount(): number {
    return this.#aliveCount;
  }

  /** The handle is good until a key comes to the index or leaves it. */
  get(key: ByteString): KeyIndex | undefined {
    const block = this.#blockFor(key);
    const position = block.find(key);
    if (position >= 0) return new KeyIndex(block, block.slotAt(position));
    this.#missing = { key, block, position: ~position };
    return undefined;
  }

  /** A new version of a key; versions come in the order of their revisions. `known` is what `get` gave. */
  add(key: ByteString, known: KeyIndex | undefined, version: KeyVersion): void {
    if (known?.isAlive) this.#aliveCount--;
    if (!version.isTombstone) this.#aliveCount++;
    if (known) known.add(version);
    else this.#insert(key, version);
  }

  /**
   * Visits at most `limit` keys, dead ones too; returns where to go on, undefined at the end of the range. The
   * visitor must neither change the index nor keep the handle, which is the same at every visit.
   */
  scan(range: KeyRange, limit: number, visit: (history: KeyIndex) => void): KeyRange | undefined {
    let block: KeyBlock | undefined = this.#blockFor(range.from);
    const history = new KeyIndex(block, 0);
    let position = block.lowerBound(range.from);
    let left = limit;
    while (block) {
      const end = range.to === undefined ? block.count : block.lowerBound(range.to);
      for (; position < end; position++) {
        if (left-- === 0) return { from: block.keyAt(position), to: range.to, isSingle: false };
        visit(history.moveTo(block, block.slotAt(position)));
      }
      if (end < block.count) return undefined;
      block = block.next;
      position = 0;
    }
    return undefined;
  }

  /**
   * Compacts keys from `from` on until `limit` of them have been visited or at least `limit` versions dropped,
   * which go to `dropped`; returns where to go on.
   */
  compact(from: ByteString, revision: Revision, limit: number, dropped: KeyVersion[]): ByteString | undefined {
    let block: KeyBlock | undefined = this.#blockFor(from);
    const history = new KeyIndex(block, 0);
    let position = block.lowerBound(from);
    let left = limit;
    while (block) {
      const { next, count }: KeyBlock = block;
      const emptied = new Set<number>();
      for (; position < count && left > 0 && dropped.length < limit; position++, left--) {
        const slot = block.slotAt(position);
        if (!history.moveTo(block, slot).compact(revision, dropped)) emptied.add(slot);
      }
      const rest = position < count ? block.keyAt(position) : undefined;
      this.#clean(block, emptied);
      if (rest !== undefined) return rest;
      block = next;
      position = 0;
    }
    return undefined;
  }

  #blockFor(key: ByteString): KeyBlock {
    let node = this.#root;
    while (!(node instanceof KeyBlock)) node = node.children[upperBound(node.keys, key)] as Node;
    return node;
  }

  #insert(key: ByteString, version: KeyVersion): void {
    const missing = this.#missing;
    this.#missing = undefined;
    if (missing?.key === key && !missing.block.isFull) {
      missing.block.insert(missing.position, key, version);
      return;
    }
    const split = this.#insertInto(this.#root, key, version);
    if (split) this.#root = { keys: [split.key], children: [this.#root, split.right] };
  }

  #insertInto(node: Node, key: ByteString, version: KeyVersion): Split | undefined {
    if (node instanceof KeyBlock) return insertIntoBlock(node, key, version);
    const at = upperBound(node.keys, key);
    const split = this.#insertInto(node.children[at] as Node, key, version);
    if (!split) return undefined;
    insertAt(node.keys, at, split.key);
    insertAt(node.children, at + 1, split.right);
    return node.children.length > WIDTH ? splitInner(node) : undefined;
  }

  /** Lets go of the keys in these slots, and of what versions that have been dropped took. */
  #clean(block: KeyBlock, emptied: ReadonlySet<number>): void {
    this.#missing = undefined;
    if (emptied.size < block.count) block.retain((slot) => !emptied.has(slot));
    else if (block === this.#root) this.#root = new KeyBlock(this.#pages);
    else this.#removeBlock(block);
  }

  #removeBlock(block: KeyBlock): void {
    this.#removeFrom(this.#root, block.keyAt(0));
    block.unlink();
    let root = this.#root;
    while (!(root instanceof KeyBlock) && root.children.length === 1) root = must(root.children[0]);
    this.#root = root;
  }

  /** Takes the block of the key out of the tree below the node; returns whether the node is empty now. */
  #removeFrom(node: Node, key: ByteString): boolean {
    if (node instanceof KeyBlock) return true;
    const at = upperBound(node.keys, key);
    if (!this.#removeFrom(node.children[at] as Node, key)) return false;
    node.children.splice(at, 1);
    node.keys.splice(Math.max(at - 1, 0), 1);
    return node.children.length === 0;
  }
}

function insertIntoBlock(block: KeyBlock, key: ByteString, version: KeyVersion): Split | undefined {
  const found = block.find(key);
  assert(found < 0, "a key is added without its history only if it has none");
  const position = ~found;
  if (!block.isFull) {
    block.insert(position, key, version);
    return undefined;
  }
  // Keys that come in ascending order leave full blocks behind; before a block of few keys they would make another.
  const isAppend = position === BLOCK_KEYS && (block.next === undefined || block.next.count >= BLOCK_KEYS >> 1);
  const middle = isAppend ? BLOCK_KEYS : BLOCK_KEYS >> 1;
  const right = block.split(middle);
  if (isAppend || position > middle) right.insert(position - middle, key, version);
  else block.insert(position, key, version);
  return { key: right.keyAt(0), right };
}

function splitInner(node: Inner): Split {
  const half = node.children.length >> 1;
  const right: Inner = { keys: node.keys.splice(half), children: node.children.splice(half) };
  return { key: must(node.keys.pop()), right };
}
