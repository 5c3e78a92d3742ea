/** The part of an object's metadata that the operator reads. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly generation?: number;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  /** Set as soon as somebody has asked for the deletion: finalizers still hold the object. */
  readonly deletionTimestamp?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly finalizers?: readonly string[];
}

/** An object of one of our kinds. A status is missing until the operator has seen the object for the first time. */
export interface CustomResource<Kind extends string, Spec, Status> {
  readonly apiVersion: "kvorum.io/v1alpha1";
  readonly kind: Kind;
  readonly metadata: ObjectMeta;
  readonly spec: Spec;
  readonly status?: Status;
}
