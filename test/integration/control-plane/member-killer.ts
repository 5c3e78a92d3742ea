import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, ClusterMember } from "../../support/cluster.ts";

const FIRST_KILL_MS = 20_000;
const AWAY_MS = 10_000;
const READY_TIMEOUT_MS = 60_000;
const LEADER_TIMEOUT_MS = 30_000;

/** One death of a member. */
export interface Kill {
  readonly member: string;
  readonly isLeader: boolean;
  /** From its start to serving. */
  readonly readyMs: number;
}

/** Kills a member with -9 each minute, every other time the leader, and starts it again ten seconds later. */
export class MemberKiller {
  readonly #cluster: Cluster;
  readonly #everyMs: number;
  readonly #kills: Kill[] = [];
  readonly #stop = new AbortController();
  #turn = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(cluster: Cluster, everyMs: number) {
    this.#cluster = cluster;
    this.#everyMs = everyMs;
  }

  get kills(): readonly Kill[] {
    return this.#kills;
  }

  start(): void {
    this.#running = this.#run();
    // It is awaited, and rejects, in `stop`; until then nobody may call it unhandled.
    this.#running.catch(() => undefined);
  }

  /** Kills no more; resolves when all members run, rejects if one did not come back. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const startMs = performance.now();
    for (let n = 0; ; n++) {
      const dueMs = startMs + FIRST_KILL_MS + n * this.#everyMs;
      const isDue = await sleep(Math.max(0, dueMs - performance.now()), true, { signal: this.#stop.signal }).catch(
        () => false,
      );
      if (!isDue) return;
      await this.#kill(n % 2 === 0);
    }
  }

  async #kill(wantsLeader: boolean): Promise<void> {
    const leader = await this.#cluster.leader(LEADER_TIMEOUT_MS).catch(() => undefined);
    const victim = (wantsLeader ? leader : undefined) ?? this.#nextInTurn(leader);
    await victim.kill();
    await sleep(AWAY_MS);
    const startMs = performance.now();
    victim.start();
    await victim.ready(READY_TIMEOUT_MS);
    const kill = { member: victim.name, isLeader: victim === leader, readyMs: performance.now() - startMs };
    this.#kills.push(kill);
    console.log(
      `  killed ${kill.member}${kill.isLeader ? ", the leader" : ""}; ready ${kill.readyMs.toFixed(0)} ms after its start`,
    );
  }

  /** One that follows, if it is known who leads. */
  #nextInTurn(leader: ClusterMember | undefined): ClusterMember {
    const { members } = this.#cluster;
    const victim = this.#cluster.member(this.#turn++ % members.length);
    return victim === leader ? this.#cluster.member(this.#turn++ % members.length) : victim;
  }
}
