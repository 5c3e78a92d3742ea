import type {
  V1Job,
  V1PodDisruptionBudget,
  V1PodSpec,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { expectTypeOf, test } from "vitest";
import type { JsonOf } from "../../../../operator/kube/kube-object.ts";
import type {
  Job,
  PodDisruptionBudget,
  PodSpec,
  Service,
  ServiceAccount,
  StatefulSet,
} from "../../../../operator/resources/kubernetes-objects.ts";

test("what is written is what Kubernetes' own types allow, judged by the compiler", () => {
  expectTypeOf<PodSpec>().toExtend<JsonOf<V1PodSpec>>();
  expectTypeOf<StatefulSet>().toExtend<JsonOf<V1StatefulSet>>();
  expectTypeOf<Service>().toExtend<JsonOf<V1Service>>();
  expectTypeOf<ServiceAccount>().toExtend<JsonOf<V1ServiceAccount>>();
  expectTypeOf<PodDisruptionBudget>().toExtend<JsonOf<V1PodDisruptionBudget>>();
  expectTypeOf<Job>().toExtend<JsonOf<V1Job>>();
});
