import { expect, test } from "vitest";
import { memberImage } from "../../../../operator/resources/member-image.ts";
import type { EtcdClusterSpecInput } from "../../../../operator/types/etcd-cluster-spec.ts";
import { etcdCluster } from "../../../support/operator-objects.ts";
import { PLATFORM } from "../../../support/operator-platform.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

test.each<[string, string, EtcdClusterSpecInput, string]>([
  ["the operator's own image", "localhost/kvorum:dev", {}, "localhost/kvorum:dev"],
  ["the operator's own image, digest included", `host/kvorum:1@${DIGEST}`, {}, `host/kvorum:1@${DIGEST}`],
  ["another release of the operator's image", "host:5000/kvorum:dev", { version: "0.3.0" }, "host:5000/kvorum:0.3.0"],
  ["another release, where the operator was named by digest", `kvorum@${DIGEST}`, { version: "0.3.0" }, "kvorum:0.3.0"],
  ["a mirror of the operator's image", "kvorum:dev", { image: { repository: "mirror/kvorum" } }, "mirror/kvorum:dev"],
  ["a mirror, where the operator has no tag", "host:5000/kvorum", { image: { repository: "m/k" } }, "m/k:0.2.0"],
  ["exactly one image", "kvorum:dev", { version: "0.3.0", image: { digest: DIGEST } }, `kvorum@${DIGEST}`],
  ["exactly one image of a mirror", "kvorum:dev", { image: { repository: "m/k", digest: DIGEST } }, `m/k@${DIGEST}`],
])("members run %s", (_, image, spec, expected) => {
  expect(memberImage(etcdCluster(spec).spec, { ...PLATFORM, image })).toBe(expected);
});
