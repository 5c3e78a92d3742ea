import { hexId, type ClusterId, type NodeId } from "../base/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Command } from "./proposals.ts";

/** How soon the member's own attributes are proposed again if that failed. */
const PUBLISH_RETRY_MS = 100;

export interface MemberPublisherOptions {
  readonly selfId: NodeId;
  readonly clusterId: ClusterId;
  readonly name: string;
  readonly clientUrls: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command) => Promise<unknown>;
}

/** Tells the cluster this member's name and client URLs, until it has been heard. */
export class MemberPublisher {
  readonly #options: MemberPublisherOptions;
  readonly #published = Promise.withResolvers<undefined>();
  #isStopped = false;

  constructor(options: MemberPublisherOptions) {
    this.#options = options;
    this.#publish();
  }

  /** Resolves once the cluster knows. */
  get published(): Promise<undefined> {
    return this.#published.promise;
  }

  stop(): void {
    this.#isStopped = true;
  }

  #publish(): void {
    const { selfId, clusterId, name, clientUrls, clock, logger, propose } = this.#options;
    const memberAttributes = { name, clientUrls: [...clientUrls] };
    propose({ clusterMemberAttrSet: { memberID: selfId, memberAttributes } }).then(
      () => {
        this.#published.resolve(undefined);
        logger.info("published local member to cluster through raft", {
          "local-member-id": hexId(selfId),
          "cluster-id": hexId(clusterId),
        });
      },
      () => {
        if (!this.#isStopped) clock.after(PUBLISH_RETRY_MS, () => this.#publish());
      },
    );
  }
}
