import { hexId } from "../../server/base/ids.ts";
import { Cluster as ClusterService, type Member } from "../../server/proto/gen/rpc_pb.js";
import { Membership, ReplaceResponse_Phase } from "../../server/proto/gen/kvorum_membership_pb.js";
import { details, type EtcdClient } from "./etcd-client.ts";
import { PermitSigner, type PermitFields } from "./permit-signer.ts";
import type { Pod } from "./pod.ts";
import { waitUntil } from "./wait-until.ts";

const CHANGE_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 5000;

/** What the operator does with pods and permits, done by hand: each step by itself, so that a test can get between. */
export class HandOperator {
  readonly signer = new PermitSigner();
  readonly clusterUid: string;
  /** The pods whose members are asked. */
  readonly pods: () => readonly Pod[];
  #issued = 0;

  constructor(clusterUid: string, pods: () => readonly Pod[]) {
    this.clusterUid = clusterUid;
    this.pods = pods;
  }

  /** The permit that founds the cluster; `change` makes it another one. */
  newPermit(pod: Pod, change: PermitFields = {}): PermitFields {
    return {
      clusterUid: this.clusterUid,
      podName: pod.name,
      podUid: pod.uid,
      mode: "New",
      initialCluster: [{ name: pod.name, peerUrls: [pod.server.peerUrl] }],
      token: this.clusterUid,
      issuedAt: new Date(Date.now() + this.#issued++).toISOString(),
      ...change,
    };
  }

  /** The permit for a learner that has been added. */
  async joinPermit(pod: Pod, memberId: bigint, change: PermitFields = {}): Promise<PermitFields> {
    const { header, members } = await this.#list();
    const others = members
      .filter(({ peerURLs }) => !peerURLs.includes(pod.server.peerUrl))
      .map(({ name, peerURLs }) => ({ name, peerUrls: peerURLs }));
    return this.newPermit(pod, {
      mode: "Join",
      memberId: hexId(memberId),
      etcdClusterId: hexId(header?.clusterId ?? 0n),
      initialCluster: [...others, { name: pod.name, peerUrls: [pod.server.peerUrl] }],
      ...change,
    });
  }

  /** Signs and offers. */
  offer(pod: Pod, permit: PermitFields): ReturnType<Pod["permit"]> {
    return pod.permit(this.signer.sign(permit));
  }

  async members(): Promise<readonly Member[]> {
    return (await this.#list()).members;
  }

  async addLearner(pod: Pod): Promise<bigint> {
    const { peerUrl } = pod.server;
    await this.anywhere(
      `a learner is added for ${pod.name}`,
      (client) =>
        client.call(ClusterService.method.memberAdd, { peerURLs: [peerUrl], isLearner: true }, CALL_TIMEOUT_MS),
      "Peer URLs already exists",
    );
    const learner = (await this.members()).find(({ peerURLs }) => peerURLs.includes(peerUrl));
    if (!learner) throw new Error(`the learner for ${pod.name} is not in the list`);
    return learner.ID;
  }

  async promote(memberId: bigint): Promise<void> {
    await this.anywhere(
      `${hexId(memberId)} is promoted`,
      (client) => client.call(ClusterService.method.memberPromote, { ID: memberId }, CALL_TIMEOUT_MS),
      "can only promote a learner member",
    );
  }

  async remove(memberId: bigint): Promise<void> {
    await this.anywhere(
      `${hexId(memberId)} is removed`,
      (client) => client.call(ClusterService.method.memberRemove, { ID: memberId }, CALL_TIMEOUT_MS),
      "member not found",
    );
  }

  /** From an empty pod to a voter. */
  async join(pod: Pod): Promise<bigint> {
    const memberId = await this.addLearner(pod);
    const { error } = await this.offer(pod, await this.joinPermit(pod, memberId));
    if (error !== "") throw new Error(`${pod.name} refused: ${error}`);
    await pod.reaches("Running");
    await this.promote(memberId);
    return memberId;
  }

  /** First half of a replacement: the id of the learner that has the voter's peer URL. */
  async startReplace(pod: Pod, replaced: bigint): Promise<bigint> {
    const { successor } = await this.#replace(pod, replaced);
    if (!successor) throw new Error("the answer names no successor");
    return successor.ID;
  }

  /** Second half: the learner has the vote, the old member is gone. */
  async finishReplace(pod: Pod, replaced: bigint): Promise<void> {
    await waitUntil(
      `${pod.name} takes the place of ${hexId(replaced)}`,
      async () => {
        const { phase } = await this.#replace(pod, replaced);
        return phase === ReplaceResponse_Phase.REPLACED ? true : undefined;
      },
      { timeoutMs: CHANGE_TIMEOUT_MS },
    );
  }

  /** Asks one running pod after the other until one has the answer. */
  async anywhere<T>(what: string, ask: (client: EtcdClient) => Promise<T>, done?: string): Promise<T | undefined> {
    let turn = 0;
    return waitUntil(
      what,
      async () => {
        const pods = this.pods();
        const pod = pods[turn++ % pods.length];
        if (!pod) throw new Error("no pod runs");
        try {
          return { answer: await ask(pod.server.client) };
        } catch (error) {
          if (done !== undefined && turn > 1 && details(error).includes(done)) return { answer: undefined };
          throw error;
        }
      },
      { timeoutMs: CHANGE_TIMEOUT_MS, everyMs: 100 },
    ).then(({ answer }) => answer);
  }

  async #list() {
    const answer = await this.anywhere("the member list", (client) =>
      client.call(ClusterService.method.memberList, { linearizable: true }, CALL_TIMEOUT_MS),
    );
    if (!answer) throw new Error("nobody lists the members");
    return answer;
  }

  async #replace(pod: Pod, replaced: bigint) {
    const answer = await this.anywhere(`${hexId(replaced)} is replaced`, (client) =>
      client.call(Membership.method.replace, { memberId: replaced, peerUrls: [pod.server.peerUrl] }, CALL_TIMEOUT_MS),
    );
    if (!answer) throw new Error("nobody answered");
    return answer;
  }
}
