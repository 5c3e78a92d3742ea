/*
 * The parts of objects that the scenarios read, as JSON has them.
 */

/** What every object has. */
export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A container as the kubelet reports it. */
export interface ContainerStatus {
  readonly restartCount: number;
  readonly lastState?: { readonly terminated?: { readonly exitCode: number } };
}

export interface Pod {
  readonly metadata: Meta;
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export interface Claim {
  readonly metadata: Meta;
}

export interface StatefulSet {
  readonly metadata: Meta;
  readonly spec: { readonly replicas: number; readonly template: unknown };
}

/** An event of events.k8s.io/v1. */
export interface KubeEvent {
  readonly metadata: Meta;
  readonly reason?: string;
  readonly note?: string;
  readonly type?: string;
  readonly regarding?: { readonly kind?: string; readonly name?: string };
  readonly eventTime?: string;
  readonly series?: { readonly count?: number };
}

/** A list of any kind. */
export interface List<T> {
  readonly items: readonly T[];
}

/** Whether the kubelet says that a pod serves. */
export function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}
