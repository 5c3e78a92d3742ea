import { expect, test } from "vitest";
import { identityAnswer, type Standing } from "../../../server/cli/member-standing.ts";
import type { Node } from "../../../server/node/node.ts";
import { permittedMember } from "../../../server/node/permitted-member.ts";
import { hexId } from "../../../server/base/ids.ts";
import { JOIN, NEW, RAN_HERE, TAKER } from "../node/permit-table.ts";

const POD = { podName: "x-0", podUid: "p1", clusterUid: "u" };
const founder = permittedMember(NEW);

test.each<[string, Standing, object]>([
  [
    "an empty volume",
    { kind: "waiting", volume: "Empty", message: "waits", member: undefined },
    { phase: "Waiting", volume: "Empty", message: "waits" },
  ],
  [
    "a lost member",
    { kind: "waiting", volume: "Lost", message: "gone", member: RAN_HERE },
    { phase: "Waiting", volume: "Lost", memberId: "a", etcdClusterId: "c", message: "gone" },
  ],
  [
    "a permit to found a cluster",
    { kind: "starting", owner: { state: "granted", permit: NEW }, message: "starts" },
    {
      phase: "Starting",
      volume: "Granted",
      memberId: hexId(founder.selfId),
      etcdClusterId: hexId(founder.clusterId),
      message: "starts",
    },
  ],
  [
    "a permit to join",
    { kind: "starting", owner: { state: "granted", permit: JOIN }, message: "starts" },
    { phase: "Starting", volume: "Granted", memberId: "b", etcdClusterId: "c", message: "starts" },
  ],
  [
    "a member that others may have heard of",
    { kind: "starting", owner: { state: "started", permit: JOIN, member: RAN_HERE }, message: "waits" },
    { phase: "Starting", volume: "Owned", memberId: "a", etcdClusterId: "c", message: "waits" },
  ],
  [
    "a member that serves",
    { kind: "running", member: RAN_HERE, node: {} as Node },
    { phase: "Running", volume: "Owned", memberId: "a", etcdClusterId: "c" },
  ],
])("the identity of %s", (_what, standing, rest) => {
  expect(identityAnswer(TAKER, standing)).toEqual({ ...POD, ...rest });
});
