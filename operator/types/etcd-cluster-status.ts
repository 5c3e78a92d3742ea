import { CONDITIONS } from "./condition.ts";
import type { FromSchema, Schema } from "./schema.ts";
import { count, counter, flag, text, time } from "./status-fields.ts";

const OPERATION = {
  type: "object",
  description:
    "The one operation in flight. It is written down before it acts, so that a new operator goes on with it.",
  required: ["type", "phase", "target", "startedAt", "attempt"],
  properties: {
    type: {
      type: "string",
      description: "What is being done.",
      enum: ["Bootstrap", "ScaleUp", "ScaleDown", "Replace", "Rollout", "Hibernate", "Resume", "Delete"],
    },
    phase: text("Its step in hand."),
    target: text("The pod that it is about; the cluster's name where it is about all of them."),
    memberID: text("The member that it is about, in hex."),
    podUid: text("UID of the pod that was given leave to join as that member."),
    startedAt: time("When it began."),
    attempt: count("How often this step has been tried, from 1."),
  },
} as const satisfies Schema;

const MEMBER = {
  type: "object",
  required: ["name", "phase", "healthy"],
  properties: {
    name: text("Name of the pod."),
    id: text("Id of the member, in hex, as etcdctl prints it."),
    role: {
      type: "string",
      description: "Its part in the cluster: a Learner receives the data and has no vote yet.",
      enum: ["Leader", "Follower", "Learner"],
    },
    phase: {
      type: "string",
      description:
        "Missing: a member without a pod. Unreachable: does not answer. Waiting: for leave to start. Running.",
      enum: ["Missing", "Unreachable", "Waiting", "Running"],
    },
    healthy: flag("Whether it answers a linearizable read."),
    version: text("Release of Kvorum that it runs."),
    dbSizeBytes: counter("Size of its data."),
    dbSizeInUseBytes: counter("Size of its data without what a defragmentation would free."),
    raftTerm: counter("Its raft term."),
    raftIndex: counter("The last entry of its log that is committed."),
    message: text("What is the matter with it, or what it waits for."),
    lastTransitionTime: time("Since when its phase is what it is."),
  },
} as const satisfies Schema;

/** `EtcdCluster.status`. */
export const ETCD_CLUSTER_STATUS = {
  type: "object",
  description: "What the cluster is.",
  properties: {
    observedGeneration: counter("The metadata.generation that this status is about."),
    replicas: count("Number of pods."),
    readyReplicas: count("Number of pods that serve."),
    selector: text("Label selector of the pods, for the scale subresource."),
    voters: count("Number of members that vote."),
    learners: count("Number of members that still catch up."),
    clusterID: text("Id of the cluster, in hex. Once it is here it never changes."),
    seed: {
      type: "object",
      description:
        "The pod that was given leave to found the cluster. Written before the leave is sent: it is given once.",
      required: ["podUid", "grantedAt", "started"],
      properties: {
        podUid: text("UID of the pod."),
        grantedAt: time("When the leave was given."),
        started: flag("Whether it has been seen running."),
      },
    },
    leader: text("The pod that leads."),
    version: text("Release of Kvorum that all members run; the lowest one while they differ."),
    etcdVersion: text("Level of etcd's API that the cluster agreed on."),
    endpoints: {
      type: "object",
      description: "How to reach the cluster.",
      required: ["client"],
      properties: { client: text("What a client types, for instance after etcdctl --endpoints.") },
    },
    operation: OPERATION,
    members: {
      type: "array",
      description: "The members, one entry a pod.",
      maxItems: 32,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: MEMBER,
    },
    lastBackup: {
      type: "object",
      description: "The newest backup that succeeded.",
      required: ["name", "revision", "time"],
      properties: {
        name: text("Name of the EtcdBackup."),
        revision: counter("Revision that it holds."),
        time: time("When it was complete."),
      },
    },
    conditions: CONDITIONS,
  },
  "x-kubernetes-validations": [
    {
      rule: "!has(oldSelf.clusterID) || (has(self.clusterID) && self.clusterID == oldSelf.clusterID)",
      message: "clusterID never changes: the cluster's data belong to it",
      fieldPath: ".clusterID",
    },
  ],
} as const satisfies Schema;

/** What a cluster is. */
export type EtcdClusterStatus = FromSchema<typeof ETCD_CLUSTER_STATUS>;

/** The operation in flight, as `status.operation` has it. */
export type ClusterOperation = FromSchema<typeof OPERATION>;

/** One member, as `status.members` has it. */
export type MemberStatus = FromSchema<typeof MEMBER>;
