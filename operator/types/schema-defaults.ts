import type { FromSchema, InputOf, Schema } from "./schema.ts";

/**
 * Fills in a schema's defaults as the API server does: a missing field with a default gets it, then the fields within it
 * get theirs. For objects that never went through an API server: a template, a test, a simulated cluster.
 */
export function withDefaults<const S extends Schema>(schema: S, value: InputOf<S>): FromSchema<S> {
  return fillDefaults(schema, value) as FromSchema<S>;
}

/** The same without types. */
export function fillDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => fillDefaults(schema.items ?? {}, item)) : value;
  if (typeof value !== "object" || value === null) return value;
  const given = value as { readonly [name: string]: unknown };
  const all: { [name: string]: unknown } = { ...given };
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const present = given[name] ?? property.default;
    if (present !== undefined) all[name] = fillDefaults(property, present);
  }
  if (schema.additionalProperties) {
    for (const [key, item] of Object.entries(given)) all[key] = fillDefaults(schema.additionalProperties, item);
  }
  return all;
}
