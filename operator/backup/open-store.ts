import { JobError } from "./job-error.ts";
import type { JobWorld } from "./job-world.ts";
import type { ObjectStore } from "./object-store.ts";
import { PrefixedStore } from "./prefixed-store.ts";
import { S3Store } from "./s3-store.ts";
import { VolumeStore } from "./volume-store.ts";

/** How a command is told about its store. */
export interface StoreFlags {
  /** `s3://bucket/prefix` or `file:///folder`. */
  readonly store: string;
  readonly s3Endpoint?: string | undefined;
  readonly s3Region?: string | undefined;
  readonly s3ForcePathStyle?: boolean | undefined;
}

/** Where the keys of a bucket come from: kubelet puts them there from the store's Secret. */
export type StoreVariables = Readonly<Record<string, string | undefined>>;

/** The store that a command works on. Keys are below the prefix. Throws a JobError for what cannot be one. */
export function openStore(flags: StoreFlags, variables: StoreVariables, world: JobWorld): ObjectStore {
  const [, folder] = /^file:\/\/(\/.*)$/.exec(flags.store) ?? [];
  if (folder !== undefined) return new VolumeStore(world.disk, folder);
  const [, bucket, path = ""] = /^s3:\/\/([^/]+)(\/.*)?$/.exec(flags.store) ?? [];
  if (bucket === undefined) {
    throw new JobError("InvalidArguments", `--store=${flags.store}: write s3://bucket/prefix or file:///folder`);
  }
  const store = new S3Store(
    {
      bucket,
      endpoint: flags.s3Endpoint,
      region: flags.s3Region,
      forcePathStyle: flags.s3ForcePathStyle ?? false,
      credentials: credentialsOf(variables),
    },
    world,
  );
  const prefix = path.split("/").filter((segment) => segment !== "");
  return prefix.length === 0 ? store : new PrefixedStore(store, `${prefix.join("/")}/`);
}

/** Undefined if there are none: then the client looks for those of the pod itself. */
function credentialsOf(variables: StoreVariables) {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = variables;
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (!accessKeyId || !secretAccessKey) {
    throw new JobError(
      "StoreRefused",
      "the keys of the store are not whole: its Secret needs both accessKeyId and secretAccessKey, neither empty",
    );
  }
  return { accessKeyId, secretAccessKey, sessionToken };
}

/** Where an object is, for people and other tools: `s3://bucket/prefix/key` or `file:///folder/key`. */
export function uriOf({ store }: StoreFlags, key: string): string {
  return `${store.replace(/\/+$/, "")}/${key}`;
}
