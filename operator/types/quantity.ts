import type { Schema } from "./schema.ts";

/** A field that holds a Kubernetes quantity: `10Gi`, `500m`, or a plain number. */
export const QUANTITY = {
  "x-kubernetes-int-or-string": true,
  maxLength: 32,
  "x-kubernetes-validations": [
    {
      rule: "isQuantity(string(self))",
      message: "must be a quantity such as 500m, 2, 512Mi or 10Gi",
    },
  ],
} as const satisfies Schema;

const QUANTITY_FORM = /^\+?([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:([KMGTPE]i)|([numkMGTPE])|[eE](-?[0-9]{1,2}))?$/;

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The value of a quantity, for instance in bytes; undefined for what is none. Exact as far as a number is: sizes of
 * disks up to 8 PiB, which is more than a cluster's volume ever has.
 */
export function quantityValue(quantity: number | string): number | undefined {
  const match = QUANTITY_FORM.exec(String(quantity));
  if (!match) return undefined;
  const [, digits = "", binary, decimal, exponent] = match;
  const factor = FACTORS[binary ?? decimal ?? ""] ?? 10 ** Number(exponent ?? 0);
  return Number(digits) * factor;
}
