import { join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.ts";
import type { IdentityAnswer } from "../../server/cli/member-standing.ts";
import type { MemberStep } from "../../server/cli/member-run.ts";
import { ClusterMember } from "./cluster.ts";
import { freePorts } from "./free-ports.ts";
import { waitUntil } from "./wait-until.ts";

/** What all pods of one EtcdCluster share. */
export interface PodCluster {
  readonly clusterUid: string;
  readonly publicKey: string;
  readonly folder: string;
  /** `kvorum`, as it is started. */
  readonly command: readonly string[];
}

const PEER_HOST_SUFFIX = "x-peers.pods.test";
const STEPS_MAIN = join(import.meta.dirname, "member-with-steps.ts");
const POD_NAMES = join(import.meta.dirname, "pod-names.ts");

/** A pod that runs `kvorum member`, as a process on loopback; its folder is the volume. */
export class Pod {
  readonly #cluster: PodCluster;
  readonly #ports: { readonly client: number; readonly peer: number };
  readonly name: string;
  readonly uid: string;
  readonly server: ClusterMember;

  private constructor(
    cluster: PodCluster,
    name: string,
    uid: string,
    ports: { readonly client: number; readonly peer: number },
    volume: string,
    killAt: MemberStep | undefined,
  ) {
    this.#cluster = cluster;
    this.#ports = ports;
    this.name = name;
    this.uid = uid;
    this.server = new ClusterMember({
      name,
      folder: volume,
      clientUrl: `http://127.0.0.1:${String(ports.client)}`,
      peerUrl: `http://${name}.${PEER_HOST_SUFFIX}:${String(ports.peer)}`,
      listenPeerUrl: `http://127.0.0.1:${String(ports.peer)}`,
      command: [
        "/usr/bin/env",
        `POD_NAME=${name}`,
        `POD_UID=${uid}`,
        `NODE_OPTIONS=--import=${POD_NAMES}`,
        ...(killAt === undefined
          ? cluster.command
          : [`KILL_AT=${killAt}`, process.execPath, "--no-warnings", STEPS_MAIN]),
        "member",
        `--cluster-uid=${cluster.clusterUid}`,
        `--permit-public-key=${cluster.publicKey}`,
        `--peer-host-suffix=${PEER_HOST_SUFFIX}`,
        `--data-dir=${join(volume, "data")}`,
        `--client-port=${String(ports.client)}`,
        `--peer-port=${String(ports.peer)}`,
        "--listen-host=127.0.0.1",
        "--",
        "--snapshot-count=1000",
      ],
    });
  }

  /** A pod on a volume of its own. */
  static async create(cluster: PodCluster, name: string, uid: string): Promise<Pod> {
    const [client = 0, peer = 0] = await freePorts(2);
    return new Pod(cluster, name, uid, { client, peer }, join(cluster.folder, name), undefined);
  }

  /** What takes this pod's place, with the same volume and the same addresses unless it is told otherwise. */
  recreated(
    change: {
      readonly uid?: string;
      readonly name?: string;
      readonly cluster?: PodCluster;
      readonly killAt?: MemberStep;
    } = {},
  ): Pod {
    const { uid = this.uid, name = this.name, cluster = this.#cluster } = change;
    return new Pod(cluster, name, uid, this.#ports, this.server.folder, change.killAt);
  }

  /** Starts the process; resolves when it answers. */
  async start(): Promise<this> {
    this.server.start();
    await waitUntil(`${this.name} answers`, () => this.identity().catch(() => undefined), { everyMs: 20 });
    return this;
  }

  async identity(): Promise<IdentityAnswer> {
    const response = await fetch(`${this.server.listenPeerUrl}/kvorum/v1/identity`);
    return (await response.json()) as IdentityAnswer;
  }

  /** Offers a permit; the error is what the pod answers. */
  async permit(body: string): Promise<{ readonly status: number; readonly error: string }> {
    const response = await fetch(`${this.server.listenPeerUrl}/kvorum/v1/permit`, { method: "POST", body });
    const { error = "" } = (await response.json()) as { readonly error?: string };
    return { status: response.status, error };
  }

  /** The status of a path on the client port. */
  async probe(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`${this.server.clientUrl}${path}`);
    return { status: response.status, text: await response.text() };
  }

  /** Waits until the pod is in a phase. */
  async reaches(phase: IdentityAnswer["phase"], timeoutMs = 60_000): Promise<IdentityAnswer> {
    let last: IdentityAnswer | undefined;
    try {
      return await waitUntil(
        `${this.name} is ${phase}`,
        async () => {
          last = await this.identity();
          return last.phase === phase ? last : undefined;
        },
        { timeoutMs },
      );
    } catch (error) {
      throw new Error(`${this.name} said ${JSON.stringify(last)}:\n${this.server.lastLog()}`, { cause: error });
    }
  }
}

/** How `kvorum` is started: built, or from its source. */
export function kvorumCommand(name: string): readonly string[] {
  if (name === "kvorum") return [join(repositoryRoot, "dist/bin/kvorum")];
  if (name === "source") {
    return [process.execPath, "--no-warnings", join(repositoryRoot, "server/cli/kvorum-main.ts")];
  }
  return [name];
}
