import type { RequestListener } from "node:http";
import { assert } from "../base/assert.ts";
import { hexId } from "../base/ids.ts";
import { observeNode } from "../api/node-metrics.ts";
import type { ServiceAuth } from "../api/services.ts";
import type { Config } from "../config/config.ts";
import { nodeClock } from "../host/node-clock.ts";
import { nodeDisk } from "../host/node-disk.ts";
import { BootstrapError, WrongMemberError, type MemberIdentity } from "../node/bootstrap.ts";
import { dataFolder, type DataFolder } from "../node/data-folder.ts";
import { makeDurableFolder } from "../node/durable-folder.ts";
import type { Node } from "../node/node.ts";
import type { GrantedOwner, OwnerFile, StartedOwner } from "../node/owner-file.ts";
import { pause } from "../node/pause.ts";
import { isSamePermit, type Permit } from "../node/permit.ts";
import { refusalOfPermit, type PermitTaker } from "../node/permit-refusal.ts";
import { isSameMember } from "../node/permitted-member.ts";
import { discardData, readVolume, writeOwnerFile } from "../node/volume-files.ts";
import { judgeVolume, type VolumeContents, type VolumeState } from "../node/volume.ts";
import type { ScrapableMetrics } from "../observability/prometheus-metrics.ts";
import type { DiskLock } from "../ports/disk.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerTls } from "../transport/peer-client.ts";
import type { ClientHttp } from "./client-http.ts";
import { maxMessageBytes, type ClientPort } from "./client-port.ts";
import { memberStartConfig } from "./member-start-config.ts";
import { memberOf, type Standing } from "./member-standing.ts";
import { nodeIdentity } from "./node-identity.ts";
import { callObservers, nodeMethods } from "./node-services.ts";
import { lockFolder, startMember, type MemberOptions } from "./start-member.ts";

/** A start that fails because of what the others say, or do not say, is tried again so often, and for so long. */
const RETRY_EVERY_MS = 1000;
const GRANTED_RETRY_MS = 30_000;
/** The same where the log is there but empty: it cannot go on alone, and nothing is lost if it gives up. */
const STARTED_RETRY_MS = 300_000;
/** How long calls may take to end at a shutdown (etcd's request timeout), and when the cluster has removed the member. */
const STOP_GRACE_MS = 7000;
const REMOVED_GRACE_MS = 1000;

/** Points between two of which a process may end; named for tests that let it end there. */
export type MemberStep = "permit-accepted" | "granted" | "log-written" | "started";

export interface MemberRunOptions {
  readonly taker: PermitTaker;
  readonly config: Config;
  readonly auth: ServiceAuth;
  readonly logger: Logger;
  readonly metrics: ScrapableMetrics;
  readonly clientPort: ClientPort;
  readonly clientHttp: ClientHttp;
  readonly peerTls: PeerTls | undefined;
  readonly onFatal: (error: unknown) => void;
  readonly onStep: (step: MemberStep) => void;
}

/**
 * A member under the operator: from the look at its volume, by way of a permit if it needs one, to a node that serves.
 * The owner file is written before each step that others could notice (design decision 9).
 */
export class MemberRun {
  readonly #options: MemberRunOptions;
  readonly #folder: DataFolder;
  readonly #lock: DiskLock;
  #contents: VolumeContents;
  #standing: Standing;
  #raft: RequestListener | undefined;
  #node: Node | undefined;
  #isStopping = false;

  private constructor(options: MemberRunOptions, folder: DataFolder, lock: DiskLock, contents: VolumeContents) {
    this.#options = options;
    this.#folder = folder;
    this.#lock = lock;
    this.#contents = contents;
    this.#standing = standingIn(options.taker, contents);
  }

  /** Takes the volume and looks at it; nothing starts yet. Rejects if another process has it. */
  static async open(options: MemberRunOptions): Promise<MemberRun> {
    const folder = dataFolder(options.config.dataDir, undefined);
    if (!(await nodeDisk.exists(folder.root))) await makeDurableFolder(nodeDisk, folder.root);
    // Held until the process ends: nobody else may start here while this one waits.
    const lock = await lockFolder(folder.root);
    return new MemberRun(options, folder, lock, await readVolume(nodeDisk, folder));
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** Etcd's peer protocol, while a member runs. */
  get raft(): RequestListener | undefined {
    return this.#raft;
  }

  /** Starts if the volume is enough for that. Rejects if the process has to end. */
  async begin(): Promise<void> {
    const standing = this.#standing;
    if (standing.kind === "starting") return this.#begin(standing.owner);
    if (standing.kind === "waiting") this.#wait(standing.volume, standing.message, standing.member);
  }

  /** Starts with a permit. Resolves once the owner file says so; with the reason, if the permit is not taken. */
  async offer(permit: Permit): Promise<string | undefined> {
    const { taker, config, onFatal } = this.#options;
    const standing = this.#standing;
    const isClosed = standing.kind === "waiting" && (standing.volume === "Foreign" || standing.volume === "Owned");
    if (isClosed) return standing.message;
    const refusal = refusalOfPermit(permit, taker, this.#contents, nodeClock.unixMs());
    if (refusal !== undefined) return refusal;
    if (standing.kind !== "waiting") {
      // Whoever did not hear the answer may ask again.
      const isSame = standing.kind === "starting" && isSamePermit(permit, standing.owner.permit);
      return isSame ? undefined : "the member is starting with another permit: wait until it runs or waits again";
    }
    const owner = this.#grantedTo(permit);
    const startConfig = memberStartConfig(config, owner);
    if (!startConfig.ok) return `the permit's initialCluster cannot be used: ${startConfig.reason}`;
    // At once, so that no second permit is taken while this one is written down.
    this.#standing = { kind: "starting", owner, message: `has a ${permit.mode} permit and starts` };
    this.#options.onStep("permit-accepted");
    await this.#own(owner);
    this.#options.onStep("granted");
    this.#begin(owner).catch(onFatal);
    return undefined;
  }

  /** Ends what runs as a shutdown does: leadership moves on, calls end, everything is written and closed. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const node = this.#node;
    this.#node = undefined;
    if (node) {
      await node.transferLeadershipAway();
      await this.#options.clientPort.stop(STOP_GRACE_MS);
      await node.stop();
    }
    await this.#lock.release();
  }

  /** Whoever ran here before must not be forgotten while it is not sure that somebody else will. */
  #grantedTo(permit: Permit): GrantedOwner {
    const { owner } = this.#contents;
    if (owner.kind !== "present") return { state: "granted", permit };
    const { content } = owner;
    return { state: "granted", permit, before: content.state === "started" ? content.member : content.before };
  }

  async #own(owner: OwnerFile): Promise<void> {
    await writeOwnerFile(nodeDisk, this.#folder, owner);
    this.#contents = { ...this.#contents, owner: { kind: "present", content: owner } };
    const { mode, podUid, issuedAt } = owner.permit;
    this.#options.logger.info("wrote the volume's owner file", {
      state: owner.state,
      mode,
      "pod-uid": podUid,
      "issued-at": issuedAt,
    });
  }

  /** Starts, again and again as long as that may help. */
  async #begin(owner: OwnerFile): Promise<void> {
    const retryMs = owner.state === "started" ? STARTED_RETRY_MS : GRANTED_RETRY_MS;
    const deadlineMs = nodeClock.monotonicMs() + retryMs;
    this.#standing = { kind: "starting", owner, message: "the member is starting" };
    for (;;) {
      const outcome = await this.#attempt(owner);
      if (!(outcome instanceof BootstrapError)) return this.#serve(outcome);
      this.#options.logger.warn("the member could not be started", { error: outcome.message });
      const isOver = outcome instanceof WrongMemberError || nodeClock.monotonicMs() >= deadlineMs;
      if (isOver) return this.#giveUp(owner, outcome);
      this.#standing = { kind: "starting", owner, message: outcome.message };
      await pause(nodeClock, RETRY_EVERY_MS);
    }
  }

  async #attempt(owner: OwnerFile): Promise<Node | BootstrapError> {
    if (owner.state === "granted" && owner.permit.mode !== "Restore") {
      await discardData(nodeDisk, this.#folder);
      this.#contents = { ...this.#contents, restored: { kind: "absent" }, data: "none" };
    }
    try {
      this.#node = await startMember(this.#memberOptions(owner));
      return this.#node;
    } catch (error) {
      if (error instanceof BootstrapError) return error;
      throw error;
    }
  }

  #memberOptions(owner: OwnerFile): MemberOptions {
    const { config, logger, metrics, peerTls, onFatal } = this.#options;
    const startConfig = memberStartConfig(config, owner);
    assert(startConfig.ok, "the permit in an owner file could be used when it was taken");
    return {
      config: startConfig.value,
      logger,
      metrics,
      peerTls,
      onFatal,
      peerPort: {
        start: (handler) => {
          this.#raft = handler;
        },
      },
      supervision: {
        joinsAs: memberOf(owner),
        // It is this process that holds it, for longer than any start.
        lock: async () => ({ release: async () => undefined }),
        beforeTakingPart: (member) => this.#beforeTakingPart(owner, member),
        onRemoved: () => {
          this.#leave().catch(onFatal);
        },
      },
    };
  }

  /** The log is on disk. Once the file says "started", whoever finds the volume without a log knows that one was lost. */
  async #beforeTakingPart(owner: OwnerFile, member: MemberIdentity): Promise<void> {
    const expected = memberOf(owner);
    if (!isSameMember(member, expected)) {
      throw new WrongMemberError(
        `the log in the volume is that of member ${hexId(member.selfId)} of cluster ${hexId(member.clusterId)}, ` +
          `and should be that of ${hexId(expected.selfId)} of ${hexId(expected.clusterId)}`,
      );
    }
    this.#contents = { ...this.#contents, data: "whole" };
    let started = owner;
    if (owner.state === "granted") {
      this.#options.onStep("log-written");
      started = { state: "started", permit: owner.permit, member } satisfies StartedOwner;
      await this.#own(started);
      this.#options.onStep("started");
    }
    this.#standing = { kind: "starting", owner: started, message: "waits until the cluster knows this member" };
  }

  /** Serves clients as soon as the cluster knows this member. */
  async #serve(node: Node): Promise<void> {
    const { config, logger, auth, clientPort, clientHttp, metrics, onFatal } = this.#options;
    if (config.featureGates.InitialCorruptCheck) await node.checkCorruption();
    await node.published;
    if (this.#isStopping || this.#standing.kind !== "starting") return;
    observeNode(node, metrics, nodeIdentity(config));
    const methods = nodeMethods(node, config, auth);
    const observers = { onBug: onFatal, ...callObservers(methods, metrics, { config, logger }) };
    clientHttp.serveGateway(node, methods, { maxReceiveBytes: maxMessageBytes(config), ...observers });
    clientPort.startGrpc({ methods, ...observers });
    this.#standing = { kind: "running", member: { selfId: node.selfId, clusterId: node.clusterId }, node };
  }

  #giveUp(owner: OwnerFile, failure: BootstrapError): void {
    const { message } = failure;
    if (owner.state === "granted") {
      const waits = `the ${owner.permit.mode} permit has not led to a start, it waits for a new one`;
      this.#wait("Granted", `${waits}: ${message}`, memberOf(owner));
    } else if (failure instanceof WrongMemberError) {
      this.#wait("Foreign", `${message}: nothing in it is touched`, owner.member);
    } else {
      // There is a log, but nothing has ever been written into it.
      this.#contents = { ...this.#contents, data: "partial" };
      this.#wait("Lost", `the log is empty, and the cluster does not help: ${message}`, owner.member);
    }
  }

  /**
   * The cluster has removed this member. The pod stays, alive and not ready, and says why: if the process ended, it would
   * be started again and again with data that nobody wants, and could not tell the operator so.
   */
  async #leave(): Promise<void> {
    if (this.#isStopping) return;
    const node = this.#node;
    assert(node, "a member that is removed has been started");
    const member = { selfId: node.selfId, clusterId: node.clusterId };
    this.#node = undefined;
    this.#raft = undefined;
    this.#wait(
      "Owned",
      `member ${hexId(member.selfId)} was removed from the cluster: delete the volume's claim, then the pod`,
      member,
    );
    this.#options.clientHttp.stopGateway();
    await this.#options.clientPort.stopGrpc(REMOVED_GRACE_MS);
    await node.stop();
  }

  #wait(volume: VolumeState, message: string, member: MemberIdentity | undefined): void {
    this.#standing = { kind: "waiting", volume, message, member };
    this.#options.logger.info("the member waits", { volume, reason: message });
  }
}

function standingIn(taker: PermitTaker, contents: VolumeContents): Standing {
  const verdict = judgeVolume(taker, contents);
  if (verdict.kind !== "wait") return { kind: "starting", owner: verdict.owner, message: "the member is starting" };
  const { owner } = contents;
  const member = owner.kind === "present" ? memberOf(owner.content) : undefined;
  return { kind: "waiting", volume: verdict.volume, message: verdict.message, member };
}
