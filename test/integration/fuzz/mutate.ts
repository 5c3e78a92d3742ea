import { concatBytes } from "../../../server/base/bytes.ts";
import type { Random } from "../../../server/base/prng.ts";

/** Numbers at which decoders go wrong: lengths, counts and signs. */
const TELLING = [
  "00",
  "01",
  "7f",
  "80",
  "ff",
  "ffffffff",
  "7fffffff",
  "80000000",
  "ffffffffffffffff7f",
  "8080808080808080808001",
];
/** How often one input is changed, at most. */
const MAX_CHANGES = 4;

type Change = (bytes: Uint8Array, random: Random) => Uint8Array;

const flipBit: Change = (bytes, random) => {
  const changed = bytes.slice();
  const at = random.below(Math.max(1, bytes.length));
  changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  return changed;
};
const setByte: Change = (bytes, random) => {
  const changed = bytes.slice();
  changed[random.below(Math.max(1, bytes.length))] = random.below(256);
  return changed;
};
const insert: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const piece = Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256));
  return concatBytes([bytes.subarray(0, at), piece, bytes.subarray(at)]);
};
const insertTelling: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  const piece = Buffer.from(TELLING[random.below(TELLING.length)] ?? "", "hex");
  return concatBytes([bytes.subarray(0, at), piece, bytes.subarray(at + random.below(2) * piece.length)]);
};
const cut: Change = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1));
const drop: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return concatBytes([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(8))]);
};
const repeat: Change = (bytes, random) => {
  const from = random.below(bytes.length + 1);
  const piece = bytes.subarray(from, from + 1 + random.below(16));
  return concatBytes([
    bytes.subarray(0, from),
    ...Array.from({ length: 1 + random.below(20) }, () => piece),
    bytes.subarray(from),
  ]);
};

const CHANGES: readonly Change[] = [flipBit, setByte, insert, insertTelling, cut, drop, repeat];

/** A valid input made wrong, or not: one to four changes, each from the seed. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = bytes;
  for (let left = 1 + random.below(MAX_CHANGES); left > 0; left--) {
    const change = CHANGES[random.below(CHANGES.length)];
    if (change) changed = change(changed, random);
  }
  return changed;
}
