import { ETCD_BACKUP } from "./etcd-backup.ts";
import { ETCD_BACKUP_SCHEDULE } from "./etcd-backup-schedule.ts";
import { ETCD_BACKUP_STORE } from "./etcd-backup-store.ts";
import { ETCD_CLUSTER } from "./etcd-cluster.ts";
import { ETCD_RESTORE } from "./etcd-restore.ts";
import { GROUP, VERSION } from "./kind.ts";
import type { KindDefinition } from "./kind.ts";
import type { Schema } from "./schema.ts";
import { fillDefaults } from "./schema-defaults.ts";

/** Every kind of the API. */
export const KINDS: readonly KindDefinition[] = [
  ETCD_CLUSTER,
  ETCD_BACKUP,
  ETCD_BACKUP_SCHEDULE,
  ETCD_BACKUP_STORE,
  ETCD_RESTORE,
];

const ENVELOPE = {
  apiVersion: { type: "string", description: `${GROUP}/${VERSION}.` },
  kind: { type: "string", description: "The kind of the object." },
  metadata: { type: "object" },
} as const satisfies Readonly<Record<string, Schema>>;

/** The CustomResourceDefinition that teaches an API server a kind. */
export function customResourceDefinition(definition: KindDefinition): object {
  const { kind, plural, singular, shortNames, schema, columns, scale, hasStatus } = definition;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Namespaced",
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular,
        ...(shortNames.length > 0 && { shortNames }),
        categories: ["kvorum"],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: withWholeDefaults({ ...schema, properties: { ...ENVELOPE, ...schema.properties } }),
          },
          ...((hasStatus || scale) && { subresources: { ...(hasStatus && { status: {} }), ...(scale && { scale }) } }),
          additionalPrinterColumns: columns,
        },
      ],
    },
  };
}

/**
 * The schema with each default written out to its leaves. The API server runs the rules of an object on its default as it
 * stands there, so `{}` would break every rule that reads a field with a default of its own.
 */
function withWholeDefaults(schema: Schema): Schema {
  const { items, properties, additionalProperties } = schema;
  return {
    ...schema,
    ...(schema.default !== undefined && { default: fillDefaults(schema, schema.default) }),
    ...(items && { items: withWholeDefaults(items) }),
    ...(additionalProperties && { additionalProperties: withWholeDefaults(additionalProperties) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, property]) => [name, withWholeDefaults(property)]),
      ),
    }),
  };
}
