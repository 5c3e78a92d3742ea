import { randomInt } from "node:crypto";
import type { Random } from "../base/prng.ts";

/** Randomness of the operating system; elections of different members must not fall on the same tick. */
export const cryptoRandom: Random = { below: (bound) => randomInt(bound) };
