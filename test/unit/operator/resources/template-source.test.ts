import { expect, test } from "vitest";
import { isSpecOf, templateSource } from "../../../../operator/resources/template-source.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";

const before = etcdCluster();
const later = (spec: Parameters<typeof etcdCluster>[0]) => {
  const cluster = etcdCluster(spec);
  return { ...cluster, metadata: { ...cluster.metadata, generation: 2 } };
};

test.each<[name: string, cluster: ReturnType<typeof etcdCluster>, isSame: boolean]>([
  ["nothing has changed", before, true],
  ["only what no template knows has changed", later({ replicas: 5 }), true],
  ["a flag has changed", later({ server: { snapshotCount: 20_000 } }), false],
  ["the image has changed", later({ image: { repository: "registry/other" } }), false],
  ["the release has changed", later({ version: "0.3.0" }), false],
  ["a newer definition fills in more, and nobody has written", etcdCluster({ server: { snapshotCount: 1 } }), true],
])("%s", (_name, cluster, isSame) => {
  expect(isSpecOf(cluster, templateSource(before))).toBe(isSame);
});
