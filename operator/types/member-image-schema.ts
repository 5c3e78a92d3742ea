import type { Schema } from "./schema.ts";

/** `spec.image`: what the members run. */
export const IMAGE = {
  type: "object",
  description: "Image of the members; the operator's own when left out.",
  default: {},
  properties: {
    repository: {
      type: "string",
      description: "Repository without tag, such as registry.example.com/kvorum. The operator's own when left out.",
      minLength: 1,
      maxLength: 255,
      "x-kubernetes-validations": [
        {
          rule: "!self.contains('@') && self.matches('^[a-zA-Z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*$') && !self.matches('^[^/]*:[0-9]+$')",
          message: "must be a repository alone: write the tag as spec.version and the digest as spec.image.digest",
        },
      ],
    },
    digest: {
      type: "string",
      description: "Exact image, whatever the tag says: sha256: and 64 hex digits.",
      maxLength: 71,
      "x-kubernetes-validations": [
        {
          rule: "self.matches('^sha256:[0-9a-f]{64}$')",
          message: "must be sha256: and 64 lower-case hex digits, as `docker images --digests` prints it",
        },
      ],
    },
    pullPolicy: {
      type: "string",
      description: "When a node pulls the image.",
      enum: ["IfNotPresent", "Always", "Never"],
      default: "IfNotPresent",
    },
    pullSecrets: {
      type: "array",
      description: "Secrets with which the image is pulled.",
      maxItems: 8,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: { name: { type: "string", description: "Name of the Secret.", minLength: 1, maxLength: 253 } },
      },
    },
  },
} as const satisfies Schema;
