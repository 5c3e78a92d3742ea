import type { EndpointClients } from "../../../../operator/etcd/endpoint-clients.ts";
import type { PeerAnswer } from "../../../../operator/etcd/peer-request.ts";
import type { Permit, SignedPermit } from "../../../../operator/etcd/permit.ts";
import { hexId, idOfHex, type HexId } from "../../../../operator/types/hex-id.ts";
import { peerUrl } from "../../../../operator/types/names.ts";
import { Code, RpcError } from "../../../../server/rpc/status.ts";
import { Breach, SimulatedRaft } from "./simulated-raft.ts";

/** What is on a volume. */
export interface Disk {
  readonly claimUid: string;
  /** Leave to start that was taken, and not used yet. */
  permit?: Permit;
  /** The member whose data it holds. */
  memberId?: HexId;
  /** Whether a restore has put data there. */
  isRestored?: boolean;
}

/** The process of a pod, for as long as it runs. */
export interface PodProcess {
  readonly podUid: string;
  readonly podName: string;
  readonly ip: string;
  readonly cluster: string;
  readonly clusterUid: string;
  readonly disk: Disk;
}

const NAMESPACE = "ns";

/** The processes of all pods, what is on their disks, and what they agree on: all that the operator can ask them. */
export class SimulatedMembers {
  /** By the UID of the EtcdCluster. */
  readonly rafts = new Map<string, SimulatedRaft>();
  /** By the UID of the claim. */
  readonly disks = new Map<string, Disk>();
  /** By address. */
  readonly processes = new Map<string, PodProcess>();
  /** Calls to members, each by its name. */
  readonly calls: string[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  processOf(podUid: string): PodProcess | undefined {
    return [...this.processes.values()].find((process) => process.podUid === podUid);
  }

  /** Whether the pod serves: a voter that takes part. */
  isReady(podUid: string): boolean {
    const process = this.processOf(podUid);
    const raft = process && this.rafts.get(process.clusterUid);
    const member = process?.disk.memberId === undefined ? undefined : raft?.find(process.disk.memberId);
    return member?.isLearner === false && raft?.isServing === true;
  }

  /** One thing that members do of their own accord. */
  step(): string | undefined {
    for (const raft of this.rafts.values()) {
      const happened = raft.step();
      if (happened !== undefined) return happened;
    }
    for (const process of this.processes.values()) if (this.#usePermit(process)) return `${process.podName} starts`;
    return undefined;
  }

  /** What the operator's clients of the members are made of. */
  get clients(): EndpointClients {
    const clients = { of: (...endpoints: readonly string[]) => this.#client(endpoints), close: () => {} };
    return clients as unknown as EndpointClients;
  }

  /** What asking a pod's peer port gives. */
  readonly askPeer = async (url: string, { body }: { readonly body?: string }): Promise<PeerAnswer> => {
    const { hostname, pathname } = new URL(url);
    const process = this.processes.get(hostname);
    this.calls.push(pathname.split("/").at(-1) ?? "");
    if (!process) throw new Error(`connect ECONNREFUSED ${hostname}`);
    switch (pathname) {
      case "/kvorum/v1/identity":
        return json(200, this.#identity(process));
      case "/kvorum/v1/permit":
        return this.#takePermit(process, JSON.parse(body ?? "") as SignedPermit);
      case "/version":
        return json(200, { etcdserver: "3.6.0", etcdcluster: "3.6.0", kvorum: "0.2.0" });
      default:
        return json(404, {});
    }
  };

  #identity(process: PodProcess): object {
    const { podName: name, podUid, clusterUid, disk } = process;
    const base = { podName: name, podUid, clusterUid };
    const { memberId, permit } = disk;
    if (memberId !== undefined) {
      const isMember = this.rafts.get(clusterUid)?.find(memberId) !== undefined;
      return { ...base, phase: isMember ? "Running" : "Waiting", volume: "Owned", memberId };
    }
    const granted = permit?.memberId === undefined ? {} : { memberId: permit.memberId };
    if (permit)
      return { ...base, phase: permit.podUid === podUid ? "Starting" : "Waiting", volume: "Granted", ...granted };
    return { ...base, phase: "Waiting", volume: "Empty" };
  }

  #takePermit({ podUid, disk }: PodProcess, { payload }: SignedPermit): PeerAnswer {
    const permit = JSON.parse(Buffer.from(payload, "base64").toString()) as Permit;
    if (permit.podUid !== podUid) return json(409, { error: "the permit is for another pod" });
    if (disk.memberId !== undefined) return json(409, { error: "the volume holds a member's data" });
    if (disk.permit?.podUid === podUid) return json(409, { error: "a permit was taken already" });
    if ((permit.mode === "Restore") !== (disk.isRestored === true))
      return json(409, { error: `the permit is to ${permit.mode}, the volume says otherwise` });
    disk.permit = permit;
    return json(200, {});
  }

  /** Founds the cluster, or joins it; a permit for a member that was removed leads nowhere. */
  #usePermit({ podUid, podName: name, cluster, clusterUid, disk }: PodProcess): boolean {
    const { permit, memberId } = disk;
    if (!permit || memberId !== undefined || permit.podUid !== podUid) return false;
    const raft = this.rafts.get(clusterUid);
    if (permit.mode !== "Join") {
      if (raft) throw new Breach(`${name} founds ${cluster} a second time`);
      disk.memberId = this.#found(clusterUid, peerUrl({ name: cluster, namespace: NAMESPACE }, 0));
      return true;
    }
    const member = permit.memberId === undefined ? undefined : raft?.find(permit.memberId);
    if (!member) return false;
    if (!member.isLearner || member.hasRun) throw new Breach(`${name} gets the id of a member that has run`);
    member.hasRun = true;
    disk.memberId = member.id;
    return true;
  }

  #found(clusterUid: string, url: string): HexId {
    const isAlive = (id: HexId): boolean =>
      [...this.processes.values()].some((process) => process.clusterUid === clusterUid && process.disk.memberId === id);
    const raft = new SimulatedRaft(this.rafts.size + 1, isAlive, this.#nowMs);
    this.rafts.set(clusterUid, raft);
    return raft.found(url);
  }

  /** Asks the first endpoint whose member runs. */
  #client(endpoints: readonly string[]): object {
    const asked = <Request, Answer>(name: string, answer: (member: AskedMember, request: Request) => Answer) => {
      return async (request: Request): Promise<Answer> => {
        this.calls.push(name);
        const member = endpoints.flatMap((endpoint) => this.#memberAt(endpoint) ?? [])[0];
        if (!member) throw new RpcError(Code.UNAVAILABLE, `no connection to ${endpoints.join(", ")}`);
        return answer(member, request);
      };
    };
    return {
      kv: { range: asked("range", ({ raft }) => served(raft, () => ({}))) },
      maintenance: {
        status: asked("status", statusOf),
        moveLeader: asked("moveLeader", ({ raft, id }, { targetID }: { readonly targetID: bigint }) => {
          if (raft.leader !== id) throw new RpcError(Code.FAILED_PRECONDITION, "etcdserver: not leader");
          raft.moveLeader(hexId(targetID));
          return {};
        }),
      },
      cluster: {
        memberList: asked("memberList", ({ raft }) => served(raft, () => ({ members: raft.members.map(messageOf) }))),
        memberAdd: asked("memberAdd", ({ raft }, { peerURLs: [url = ""] }: { readonly peerURLs: readonly string[] }) =>
          served(raft, () => ({ member: messageOf(raft.addLearner(url)) })),
        ),
        memberPromote: asked("memberPromote", ({ raft }, { ID }: { readonly ID: bigint }) =>
          served(raft, () => raft.promote(hexId(ID))),
        ),
        memberRemove: asked("memberRemove", ({ raft }, { ID }: { readonly ID: bigint }) =>
          served(raft, () => raft.remove(hexId(ID))),
        ),
      },
      membership: {
        replace: asked(
          "replace",
          ({ raft }, request: { readonly memberId: bigint; readonly peerUrls: readonly string[] }) =>
            served(raft, () => {
              const { phase, successor } = raft.replace(hexId(request.memberId), request.peerUrls[0] ?? "");
              return { phase, successor: messageOf(successor) };
            }),
        ),
      },
    };
  }

  #memberAt(endpoint: string): AskedMember | undefined {
    const process = this.processes.get(new URL(endpoint).hostname);
    const raft = process && this.rafts.get(process.clusterUid);
    const id = process?.disk.memberId;
    return raft && id !== undefined && raft.find(id) ? { raft, id } : undefined;
  }
}

interface AskedMember {
  readonly raft: SimulatedRaft;
  readonly id: HexId;
}

function served<T>(raft: SimulatedRaft, answer: () => T): T {
  if (!raft.isServing) throw new RpcError(Code.UNAVAILABLE, "etcdserver: no leader");
  return answer();
}

function statusOf({ raft, id }: AskedMember): object {
  return {
    header: { memberId: idOfHex(id), clusterId: idOfHex(raft.clusterId) },
    leader: raft.isServing ? (idOfHex(raft.leader ?? "") ?? 0n) : 0n,
    isLearner: raft.find(id)?.isLearner ?? false,
    errors: [],
    version: "3.6.0",
    dbSize: 4096n,
    dbSizeInUse: 4096n,
    raftTerm: BigInt(raft.term),
    raftIndex: 10n,
  };
}

function messageOf({ id, peerUrl: url, isLearner, hasRun }: SimulatedRaft["members"][number]): object {
  const host = new URL(url).hostname.split(".")[0] ?? "";
  return { ID: idOfHex(id), name: hasRun ? host : "", peerURLs: [url], clientURLs: [], isLearner };
}

function json(status: number, body: object): PeerAnswer {
  return { status, text: JSON.stringify(body) };
}
