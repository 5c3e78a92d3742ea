import { QUANTITY } from "./quantity.ts";
import type { Schema } from "./schema.ts";

/** `spec.storage`: the volume of each member. */
export const STORAGE = {
  type: "object",
  description: "The volume of each member.",
  default: {},
  properties: {
    size: {
      ...QUANTITY,
      description: "Size of the volume. It may grow later, if the StorageClass lets it, and never shrink.",
      default: "10Gi",
      "x-kubernetes-validations": [
        {
          rule: "isQuantity(string(self)) && !quantity(string(self)).isLessThan(quantity('256Mi'))",
          message: "storage.size must be a quantity of at least 256Mi, such as 10Gi: the log alone takes 128Mi",
        },
        {
          rule: "!isQuantity(string(self)) || !isQuantity(string(oldSelf)) || !quantity(string(self)).isLessThan(quantity(string(oldSelf)))",
          message:
            "storage.size must not shrink: volumes cannot. Write the former size or more, or restore a backup into a smaller cluster",
        },
      ],
    },
    storageClassName: {
      type: "string",
      description: "StorageClass of the volumes; the default class when left out.",
      maxLength: 253,
    },
  },
  "x-kubernetes-validations": [
    {
      rule: "(has(self.storageClassName) ? self.storageClassName : '') == (has(oldSelf.storageClassName) ? oldSelf.storageClassName : '')",
      message:
        "storage.storageClassName cannot change: write the former one, or restore a backup into a cluster with another class",
      fieldPath: ".storageClassName",
    },
  ],
} as const satisfies Schema;
