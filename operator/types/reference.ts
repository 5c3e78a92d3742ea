import type { Schema } from "./schema.ts";

/** A reference to another object of the same namespace, by its name. */
export const NAME_REFERENCE = {
  type: "object",
  required: ["name"],
  "x-kubernetes-map-type": "atomic",
  properties: {
    name: {
      type: "string",
      description: "Name of the object, in the same namespace.",
      maxLength: 253,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
          message: "must be the name of an object: lower-case letters, digits, '-' and '.', such as my-store",
        },
      ],
    },
  },
} as const satisfies Schema;

/** A reference with a description of what it points to. */
export function referenceTo<const D extends string>(
  description: D,
): typeof NAME_REFERENCE & { readonly description: D } {
  return { ...NAME_REFERENCE, description };
}
