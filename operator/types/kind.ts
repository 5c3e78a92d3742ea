import type { Schema } from "./schema.ts";

/** The API group of every kind. */
export const GROUP = "kvorum.io";

/** The version of every kind. */
export const VERSION = "v1alpha1";

/** `apiVersion` of every object. */
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** One column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown, 1 only with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** All that a CustomResourceDefinition says about a kind. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly schema: Schema;
  readonly columns: readonly Column[];
  /** Whether `kubectl scale` works, and where its numbers are. */
  readonly scale?: {
    readonly specReplicasPath: string;
    readonly statusReplicasPath: string;
    readonly labelSelectorPath: string;
  };
  readonly hasStatus: boolean;
}

/** The column that every kind ends with. */
export const AGE: Column = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Time since it was made.",
};

/** A column that shows whether a condition holds. */
export function conditionColumn(type: string, description: string): Column {
  return { name: type, type: "string", jsonPath: `.status.conditions[?(@.type=="${type}")].status`, description };
}
