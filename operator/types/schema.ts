/**
 * The part of OpenAPI v3 that a CustomResourceDefinition may use (a "structural schema"). Every kind is written down once
 * as such a constant; the TypeScript types below and the YAML under `crds/` both come from it, so they cannot disagree.
 */
export interface Schema {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  /** What `kubectl explain` shows. */
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: "int32" | "int64" | "date-time";
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: "atomic" | "map" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-map-type"?: "atomic" | "granular";
  readonly "x-kubernetes-validations"?: readonly Rule[];
}

/** A CEL rule that the API server checks, and the sentence with which it refuses. */
export interface Rule {
  readonly rule: string;
  readonly message: string;
  /** A CEL expression that makes a better sentence, with the value that was refused; `message` is the fallback. */
  readonly messageExpression?: string;
  readonly fieldPath?: string;
}

/** An object as the API server hands it out: fields that have a default are there. */
export type FromSchema<S> = ValueOf<S, "stored">;

/** An object as a user may write it: fields that have a default may be left out. */
export type InputOf<S> = ValueOf<S, "written">;

type Form = "stored" | "written";

type ValueOf<S, F extends Form> = S extends { readonly "x-kubernetes-int-or-string": true }
  ? number | string
  : S extends { readonly enum: readonly (infer Member)[] }
    ? Member
    : S extends { readonly type: "string" }
      ? string
      : S extends { readonly type: "integer" | "number" }
        ? number
        : S extends { readonly type: "boolean" }
          ? boolean
          : S extends { readonly type: "array"; readonly items: infer Item }
            ? readonly ValueOf<Item, F>[]
            : S extends { readonly properties: infer Properties }
              ? ObjectOf<Properties, RequiredOf<S> | Defaulted<Properties, F>, F>
              : S extends { readonly additionalProperties: infer Value }
                ? { readonly [key: string]: ValueOf<Value, F> }
                : never;

type RequiredOf<S> = S extends { readonly required: readonly (infer Name)[] } ? Name : never;

type Defaulted<Properties, F extends Form> = F extends "stored"
  ? {
      [Name in keyof Properties]: Properties[Name] extends { readonly default: unknown } ? Name : never;
    }[keyof Properties]
  : never;

/** One flat object type, so that editors and errors show fields instead of an intersection. */
type ObjectOf<Properties, Present, F extends Form> = Flat<
  { readonly [Name in keyof Properties as Name extends Present ? Name : never]: ValueOf<Properties[Name], F> } & {
    readonly [Name in keyof Properties as Name extends Present ? never : Name]?: ValueOf<Properties[Name], F>;
  }
>;

type Flat<T> = { [Name in keyof T]: T[Name] };
