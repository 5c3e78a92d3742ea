import { setTimeout as sleep } from "node:timers/promises";
import { hexId } from "../../../operator/types/hex-id.ts";
import type { Client } from "../../../server/client/client.ts";
import type { ListedMember } from "./look.ts";

/** A member learns for as long as its server needs to start, which is some tenths of a second. */
const ASK_EVERY_MS = 100;
const ANSWER_TIMEOUT_MS = 1000;

/** A linearizable member list, and when it was answered. */
export interface MemberListAt {
  readonly atMs: number;
  readonly members: readonly ListedMember[];
}

/** Asks for the member list many times a second, beside everything else that is looked at. */
export class MemberLists {
  readonly #endpoints: () => readonly Client[];
  readonly #lists: MemberListAt[] = [];
  #isStopped = false;
  #asking: Promise<void> = Promise.resolve();

  constructor(endpoints: () => readonly Client[]) {
    this.#endpoints = endpoints;
  }

  /** All of them, in the order of their answers. */
  get all(): readonly MemberListAt[] {
    return this.#lists;
  }

  start(): void {
    this.#asking = this.#ask();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#asking;
  }

  async #ask(): Promise<void> {
    while (!this.#isStopped) {
      const members = await memberList(this.#endpoints(), ANSWER_TIMEOUT_MS).catch(() => undefined);
      if (members) this.#lists.push({ atMs: performance.now(), members: members.members });
      await sleep(ASK_EVERY_MS);
    }
  }
}

/** The first answer of any member; rejects when there is none. */
export async function memberList(
  clients: readonly Client[],
  timeoutMs: number,
): Promise<{ readonly members: readonly ListedMember[]; readonly clusterId: string | undefined }> {
  const { header, members } = await Promise.any(
    clients.map(({ cluster }) => cluster.memberList({ linearizable: true }, { timeoutMs })),
  );
  return {
    members: members.map(({ ID, name, isLearner, peerURLs }) => ({
      id: hexId(ID),
      name,
      isLearner,
      peerUrl: peerURLs[0] ?? "",
    })),
    clusterId: header && hexId(header.clusterId),
  };
}
