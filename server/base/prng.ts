/** The only source of randomness that pure modules know; seeded in tests, real at the edge. */
export interface Random {
  /** A whole number in [0, bound). */
  below(bound: number): number;
}

/** A reproducible generator (mulberry32) for simulations and tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(bound) {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * bound);
    },
  };
}
