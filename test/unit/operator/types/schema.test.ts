import { expect, expectTypeOf, test } from "vitest";
import type { EtcdClusterSpec, EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { ETCD_CLUSTER_SPEC } from "../../../../operator/types/etcd-cluster-spec.ts";
import type { EtcdRestoreSpec } from "../../../../operator/types/etcd-restore.ts";
import type { FromSchema, InputOf, Schema } from "../../../../operator/types/schema.ts";
import { withDefaults } from "../../../../operator/types/schema-defaults.ts";

const SCHEMA = {
  type: "object",
  required: ["name"],
  properties: {
    name: { type: "string" },
    count: { type: "integer", default: 3 },
    mode: { type: "string", enum: ["On", "Off"] },
    size: { "x-kubernetes-int-or-string": true },
    labels: { type: "object", additionalProperties: { type: "string" } },
    nested: { type: "object", default: {}, properties: { wait: { type: "string", default: "1s" } } },
    list: {
      type: "array",
      items: {
        type: "object",
        required: ["key"],
        properties: { key: { type: "string" }, skew: { type: "number", default: 1 } },
      },
    },
    absent: { type: "object", properties: { inner: { type: "boolean", default: true } } },
  },
} as const satisfies Schema;

interface Stored {
  readonly name: string;
  readonly count: number;
  readonly nested: { readonly wait: string };
  readonly mode?: "On" | "Off";
  readonly size?: number | string;
  readonly labels?: { readonly [key: string]: string };
  readonly list?: readonly { readonly key: string; readonly skew: number }[];
  readonly absent?: { readonly inner: boolean };
}

interface Written {
  readonly name: string;
  readonly count?: number;
  readonly nested?: { readonly wait?: string };
  readonly mode?: "On" | "Off";
  readonly size?: number | string;
  readonly labels?: { readonly [key: string]: string };
  readonly list?: readonly { readonly key: string; readonly skew?: number }[];
  readonly absent?: { readonly inner?: boolean };
}

test("a stored object has its defaults, a written one may leave them out", () => {
  expectTypeOf<FromSchema<typeof SCHEMA>>().toEqualTypeOf<Stored>();
  expectTypeOf<InputOf<typeof SCHEMA>>().toEqualTypeOf<Written>();
});

test("the kinds have the types that one reads in their schemas", () => {
  expectTypeOf<EtcdClusterSpec["replicas"]>().toEqualTypeOf<number>();
  expectTypeOf<EtcdClusterSpec["deletionPolicy"]>().toEqualTypeOf<"Retain" | "Delete" | "SnapshotThenDelete">();
  expectTypeOf<EtcdClusterSpec["storage"]["size"]>().toEqualTypeOf<number | string>();
  expectTypeOf<EtcdClusterSpec["bootstrap"]>().toEqualTypeOf<
    | {
        readonly restore: {
          readonly storeRef: { readonly name: string };
          readonly key: string;
          readonly sha256?: string;
        };
      }
    | undefined
  >();
  expectTypeOf<EtcdRestoreSpec["template"]>().not.toHaveProperty("bootstrap");
  expectTypeOf<{ readonly replicas: 1 }>().toExtend<EtcdClusterSpecInput>();
  expectTypeOf<{ readonly replicas: "1" }>().not.toExtend<EtcdClusterSpecInput>();
});

test("defaults are filled in at every depth that is there, and nowhere else", () => {
  expect(withDefaults(SCHEMA, { name: "a", list: [{ key: "k" }, { key: "l", skew: 2 }], absent: {} })).toEqual({
    name: "a",
    count: 3,
    nested: { wait: "1s" },
    list: [
      { key: "k", skew: 1 },
      { key: "l", skew: 2 },
    ],
    absent: { inner: true },
  });
});

test("what is written is kept, also what is false, 0 or empty", () => {
  const written = { name: "", count: 0, absent: { inner: false }, list: [] };
  expect(withDefaults(SCHEMA, written)).toMatchObject(written);
});

test("an empty spec is a whole cluster", () => {
  expect(withDefaults(ETCD_CLUSTER_SPEC, {})).toEqual({
    replicas: 3,
    image: { pullPolicy: "IfNotPresent" },
    storage: { size: "10Gi" },
    server: { heartbeatInterval: "100ms", electionTimeout: "1s" },
    scheduling: { podAntiAffinity: "Preferred" },
    disruption: { podDisruptionBudget: "Auto", unhealthyPodEvictionPolicy: "AlwaysAllow" },
    deletionPolicy: "Retain",
    paused: false,
  });
});
