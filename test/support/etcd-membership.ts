import type { Member } from "../../server/proto/gen/rpc_pb.js";
import { Cluster as ClusterService } from "../../server/proto/gen/rpc_pb.js";
import { Membership, ReplaceResponse_Phase } from "../../server/proto/gen/kvorum_membership_pb.js";
import type { Cluster, ClusterMember } from "./cluster.ts";
import { details, type EtcdClient } from "./etcd-client.ts";
import { waitUntil } from "./wait-until.ts";

const CHANGE_TIMEOUT_MS = 60_000;
/** A call that hangs is made again elsewhere. */
const CALL_TIMEOUT_MS = 5000;

/** Changes of who is in a running cluster, each asked for again until it is done, at one endpoint after the other. */
export class MembershipDriver {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The members as one of them knows them. */
  list(): Promise<readonly Member[]> {
    return this.#anywhere("the member list", async (client) => (await client.members(1000)).members);
  }

  async idOf(member: ClusterMember): Promise<bigint> {
    const found = (await this.list()).find(({ peerURLs }) => peerURLs.includes(member.peerUrl));
    if (!found) throw new Error(`${member.name} is not in the cluster`);
    return found.ID;
  }

  /** Adds a learner and starts it. */
  async addLearner(): Promise<ClusterMember> {
    const learner = await this.#cluster.add(async (peerUrl) => {
      await this.#anywhere(
        "a learner is added",
        (client) =>
          client.call(ClusterService.method.memberAdd, { peerURLs: [peerUrl], isLearner: true }, CALL_TIMEOUT_MS),
        "Peer URLs already exists",
      );
      return this.#others(peerUrl);
    });
    learner.start();
    await learner.ready();
    return learner;
  }

  /** Gives a learner its vote, as soon as it has caught up. */
  async promote(learner: ClusterMember): Promise<void> {
    const id = await this.idOf(learner);
    await this.#anywhere(
      `${learner.name} is promoted`,
      (client) => client.call(ClusterService.method.memberPromote, { ID: id }, CALL_TIMEOUT_MS),
      "can only promote a learner member",
    );
  }

  /** Removes a member, whose process ends by itself. */
  async remove(member: ClusterMember): Promise<void> {
    const id = await this.idOf(member);
    await this.#anywhere(
      `${member.name} is removed`,
      (client) => client.call(ClusterService.method.memberRemove, { ID: id }, CALL_TIMEOUT_MS),
      "member not found",
    );
    this.#cluster.forget(member);
  }

  /** Puts a new member in the place of a voter, on request at the same URLs: kvorum.v1.Membership. */
  async replace(member: ClusterMember, isSameUrl = false): Promise<ClusterMember> {
    const memberId = await this.idOf(member);
    const replace = (peerUrl: string) =>
      this.#anywhere(`${member.name} is replaced`, (client) =>
        client.call(Membership.method.replace, { memberId, peerUrls: [peerUrl] }, CALL_TIMEOUT_MS),
      );
    const successor = await this.#cluster.add(
      async (peerUrl) => {
        await replace(peerUrl);
        return this.#others(peerUrl);
      },
      isSameUrl ? member : undefined,
    );
    successor.start();
    await waitUntil(
      `${successor.name} takes the place of ${member.name}`,
      async () => {
        const members = await this.list();
        const isDone = !members.some(({ ID }) => ID === memberId);
        if (isDone) return true;
        // The answer may be lost with the leader that is replaced: then the list tells, the next time round.
        const answers = await Promise.allSettled(
          this.#cluster.members.map(({ client }) =>
            client.call(Membership.method.replace, { memberId, peerUrls: [successor.peerUrl] }, CALL_TIMEOUT_MS),
          ),
        );
        const isReplaced = answers.some(
          (answer) => answer.status === "fulfilled" && answer.value.phase === ReplaceResponse_Phase.REPLACED,
        );
        return isReplaced ? true : undefined;
      },
      { timeoutMs: CHANGE_TIMEOUT_MS },
    );
    await successor.ready();
    this.#cluster.forget(member);
    return successor;
  }

  /** Names and URLs of all but one, as `--initial-cluster` takes them. */
  async #others(peerUrl: string): Promise<readonly { readonly name: string; readonly peerUrl: string }[]> {
    const members = await this.list();
    return members
      .flatMap((member) => member.peerURLs.map((url) => ({ name: member.name, peerUrl: url })))
      .filter((member) => member.peerUrl !== peerUrl);
  }

  async #anywhere<T>(what: string, ask: (client: EtcdClient) => Promise<T>, done?: string): Promise<T> {
    let turn = 0;
    return waitUntil(
      what,
      async () => {
        const { members } = this.#cluster;
        const member = members[turn++ % members.length];
        if (!member) throw new Error("the cluster has no members");
        try {
          return await ask(member.client);
        } catch (error) {
          // An attempt before this one was cut off from its answer.
          if (done !== undefined && turn > 1 && details(error).includes(done)) return (await this.list()) as T;
          throw error;
        }
      },
      { timeoutMs: CHANGE_TIMEOUT_MS, everyMs: 100 },
    );
  }
}
