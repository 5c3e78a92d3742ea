import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../server/client/client.ts";
import { EtcdClients } from "../harness/etcd-clients.ts";
import type { NamespaceObjects } from "../harness/namespace-objects.ts";
import { AppendingClient, readAppended } from "./appending-client.ts";
import { equalData } from "./equal-data.ts";
import { hashMembers, type NamedClient } from "./hash-members.ts";
import { honestStatus } from "./honest-status.ts";
import { lookAround } from "./look-around.ts";
import { votersOf, type Look } from "./look.ts";
import { MemberLists } from "./member-lists.ts";
import { noWriteLost } from "./no-write-lost.ts";
import { oneChangeAtATime } from "./one-change-at-a-time.ts";
import { oneClusterId } from "./one-cluster-id.ts";
import { quorumKept } from "./quorum-kept.ts";
import { RevisionWatcher } from "./revision-watcher.ts";
import { watcherNeverGoesBack } from "./watcher-never-goes-back.ts";

const LOOK_EVERY_MS = 300;
/** At least one violation of each kind is shown, not a thousand. */
const SHOWN = 3;

/** What is observed, and how much is written meanwhile. */
export interface ObserverOptions {
  readonly objects: NamespaceObjects;
  readonly cluster: string;
  readonly writesPerSecond: number;
}

/** One invariant, judged. */
export interface Finding {
  readonly isKept: boolean;
  readonly sentence: string;
}

/**
 * The background observer of a scenario: a client that appends, a watcher, and looks at objects and members several times
 * a second. At the end every invariant is judged by what was gathered.
 */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #clients = new EtcdClients();
  readonly #writer: AppendingClient;
  readonly #watcher: RevisionWatcher;
  readonly #lists: MemberLists;
  readonly #looks: Look[] = [];
  readonly #ourDoing = new Set<string>();
  readonly #addresses = new Map<string, string>();
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ObserverOptions) {
    this.#options = options;
    const endpoints = (): readonly Client[] => this.#serving().map(({ client }) => client);
    this.#writer = new AppendingClient({ perSecond: options.writesPerSecond, endpoints });
    this.#watcher = new RevisionWatcher(endpoints);
    this.#lists = new MemberLists(() => this.#answering());
  }

  start(): void {
    this.#looking = this.#look();
    this.#lists.start();
    this.#writer.start();
    this.#watcher.start();
  }

  get looks(): readonly Look[] {
    return this.#looks;
  }

  get writer(): AppendingClient {
    return this.#writer;
  }

  /** The scenario itself is about to stop these pods: that is no step of the operator. */
  blameUs(podUids: readonly string[]): void {
    for (const uid of podUids) this.#ourDoing.add(uid);
  }

  /** The members that vote and answer, by the newest look. */
  serving(): readonly NamedClient[] {
    return this.#serving();
  }

  /** Every member id that any list has had. */
  everMembers(): ReadonlySet<string> {
    return new Set(this.#looks.flatMap(({ members = [] }) => members.map(({ id }) => id)));
  }

  /** Ends the writes and the looks, and judges. `isAlive`: whether the cluster still has to answer. */
  async finish({ isAlive = true } = {}): Promise<readonly Finding[]> {
    await this.#writer.stop();
    const members = isAlive ? this.#serving() : [];
    const findings = [...(isAlive ? await this.#judgeData(members) : []), ...this.#judgeLooks()];
    await this.stop();
    return findings;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#writer.stop();
    await Promise.all([this.#watcher.stop(), this.#lists.stop(), this.#looking]);
    this.#clients.close();
  }

  async #judgeData(members: readonly NamedClient[]): Promise<readonly Finding[]> {
    const { writes, failures, perSecond } = this.#writer;
    const [first] = members;
    if (!first) return [finding("I1 nothing acknowledged is lost", ["no member serves at the end"], "")];
    const found = await readAppended(first.client);
    const hashes = await hashMembers(members);
    await this.#untilWatched(writes.at(-1)?.revision ?? 0);
    const gap = `longest gap ${String(Math.round(this.#writer.longestGapMs()))} ms`;
    const rate = `${perSecond.toFixed(0)}/s, ${String(failures)} attempts failed, ${gap}`;
    return [
      finding(
        "I1 nothing acknowledged is lost or reordered",
        noWriteLost(writes, found),
        `${writes.length} writes, ${rate}`,
      ),
      finding(
        "I5 the watcher's revision never goes back",
        watcherNeverGoesBack(this.#watcher.revisions),
        `${this.#watcher.revisions.length} events`,
      ),
      finding(
        "I6 the data are equal over all members",
        equalData(hashes),
        `${String(hashes.length)} members at revision ${String(hashes[0]?.revision)}`,
      ),
    ];
  }

  #judgeLooks(): readonly Finding[] {
    const looks = this.#looks.map((look) => ({
      ...look,
      pods: look.pods.map((pod) => ({ ...pod, isOurDoing: this.#ourDoing.has(pod.uid) })),
    }));
    const seen = `${String(looks.length)} looks`;
    const lists = this.#lists.all;
    return [
      finding("I2 at most one change of members is in flight", oneChangeAtATime(lists), `${lists.length} lists`),
      finding("I3 a quorum is healthy after every step of the operator", quorumKept(looks), seen),
      finding("I4 there is one cluster id", oneClusterId(looks), looks.at(-1)?.latchedClusterId ?? "none"),
      finding("I7 the status tells the truth", honestStatus(looks), seen),
    ];
  }

  async #untilWatched(revision: number): Promise<void> {
    for (let n = 0; n < 50 && (this.#watcher.revisions.at(-1) ?? 0) < revision; n++) await sleep(100);
  }

  async #look(): Promise<void> {
    const { objects, cluster } = this.#options;
    while (!this.#isStopped) {
      const look = await lookAround({
        objects,
        clients: this.#clients,
        cluster,
        nowMs: () => performance.now(),
        sawAddress: (uid, address) => this.#addresses.set(uid, address),
      }).catch(() => undefined);
      if (look) this.#looks.push(look);
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Whoever answered when we looked last. */
  #answering(): readonly Client[] {
    return (this.#looks.at(-1)?.pods ?? []).flatMap(({ uid, process }) => {
      const address = this.#addresses.get(uid);
      return address === undefined || !process ? [] : [this.#clients.of(address)];
    });
  }

  #serving(): readonly NamedClient[] {
    const look = this.#looks.at(-1);
    if (!look) return [];
    const voters = new Set(votersOf(look).map(({ id }) => id));
    return look.pods.flatMap(({ uid, name, process, isTerminating }) => {
      const address = this.#addresses.get(uid);
      if (address === undefined || !process || isTerminating) return [];
      return look.members && !voters.has(process.memberId) ? [] : [{ name, client: this.#clients.of(address) }];
    });
  }
}

function finding(what: string, violations: readonly string[], figures: string): Finding {
  const isKept = violations.length === 0;
  const more = violations.length > SHOWN ? ` and ${String(violations.length - SHOWN)} more` : "";
  return { isKept, sentence: `${what}: ${isKept ? figures : `${violations.slice(0, SHOWN).join("; ")}${more}`}` };
}
