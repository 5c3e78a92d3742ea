import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CLUSTER_REASONS } from "../../../../operator/types/condition-reason.ts";
import { customResourceDefinition, KINDS } from "../../../../operator/types/custom-resource-definition.ts";
import { EVENT_REASONS } from "../../../../operator/types/event-reason.ts";
import type { Schema } from "../../../../operator/types/schema.ts";

interface Place {
  readonly path: string;
  readonly schema: Schema;
}

/** Every field below a schema. */
function fieldsOf(schema: Schema, path: string): readonly Place[] {
  const inner = [
    ...Object.entries(schema.properties ?? {}).map(([name, field]) => ({ path: `${path}.${name}`, schema: field })),
    ...(schema.items ? [{ path: `${path}[]`, schema: schema.items }] : []),
    ...(schema.additionalProperties ? [{ path: `${path}{}`, schema: schema.additionalProperties }] : []),
  ];
  return inner.flatMap((place) => [place, ...fieldsOf(place.schema, place.path)]);
}

const FIELDS = KINDS.flatMap(({ kind, schema }) => fieldsOf(schema, kind));
const pathsOf = (places: readonly Place[]): readonly string[] => places.map(({ path }) => path);

test("there is a file for each kind, and no other", () => {
  expect(readdirSync("crds").toSorted()).toEqual(KINDS.map(({ plural }) => `kvorum.io_${plural}.yaml`).toSorted());
});

describe("every field", () => {
  test("explains itself in a sentence", () => {
    const named = FIELDS.filter(({ path }) => !path.endsWith("[]") && !path.endsWith("{}"));
    expect(pathsOf(named.filter(({ schema }) => !/^[A-Z].*\.$/.test(schema.description ?? "")))).toEqual([]);
    expect(named.length).toBeGreaterThan(100);
  });

  test("has a bound, because rules over unbounded fields are refused for their cost", () => {
    const texts = FIELDS.filter(
      ({ schema }) => schema.type === "string" && !schema.enum && schema.format !== "date-time",
    );
    expect(pathsOf(texts.filter(({ schema }) => schema.maxLength === undefined))).toEqual([]);
    const lists = FIELDS.filter(({ schema }) => schema.type === "array");
    expect(pathsOf(lists.filter(({ schema }) => schema.maxItems === undefined))).toEqual([]);
    const maps = FIELDS.filter(({ schema }) => schema.additionalProperties !== undefined);
    expect(pathsOf(maps.filter(({ schema }) => schema.maxProperties === undefined))).toEqual([]);
  });

  test("is in camelCase, its choices in CamelCase", () => {
    const names = FIELDS.map(({ path }) => path.split(".").at(-1) ?? "").map((name) => name.replace(/[[\]{}]/g, ""));
    expect(names.filter((name) => !/^[a-z][a-zA-Z0-9]*$/.test(name))).toEqual([]);
    const choices = FIELDS.flatMap(({ schema }) => schema.enum ?? []);
    expect(choices.filter((choice) => !/^[A-Z][A-Za-z]*$/.test(choice))).toEqual([]);
  });

  test("that is a list says how lists are merged", () => {
    const lists = FIELDS.filter(({ schema }) => schema.type === "array");
    expect(pathsOf(lists.filter(({ schema }) => schema["x-kubernetes-list-type"] === undefined))).toEqual([]);
  });

  test("that refuses something says what to write, in one line", () => {
    const rules = FIELDS.flatMap(({ schema }) => schema["x-kubernetes-validations"] ?? []);
    expect(rules.length).toBeGreaterThan(40);
    expect(rules.filter(({ message }) => message.includes("\n") || message.length < 15)).toEqual([]);
  });
});

test("an object that would be taken by default has its defaults written out to the leaves", () => {
  const cluster = JSON.parse(JSON.stringify(KINDS.map(customResourceDefinition))) as readonly {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[] };
  }[];
  const spec = cluster[0]?.spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"];
  expect(spec?.properties?.["server"]?.default).toEqual({ heartbeatInterval: "100ms", electionTimeout: "1s" });
});

test("reasons are CamelCase words with a meaning", () => {
  const reasons = [...Object.keys(EVENT_REASONS), ...Object.keys(CLUSTER_REASONS)];
  expect(reasons.filter((reason) => !/^[A-Z][A-Za-z]+$/.test(reason))).toEqual([]);
  const meanings = [...Object.values(EVENT_REASONS).map(({ meaning }) => meaning), ...Object.values(CLUSTER_REASONS)];
  expect(meanings.filter((meaning) => meaning.length < 10)).toEqual([]);
});
