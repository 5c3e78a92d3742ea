import { hexId, type NodeId } from "../base/ids.ts";
import { isBefore, parseStored } from "../base/minor-version.ts";
import type { Fact } from "../apply/outcome.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Network } from "../ports/network.ts";
import type { Compactor } from "./compactor.ts";
import type { Logins } from "./logins.ts";
import type { Command } from "./proposals.ts";

/** How long a removed member goes on, so that its peers still hear what it has promised. */
const REMOVED_GRACE_MS = 1000;

export interface FactReactionsOptions {
  readonly selfId: NodeId;
  readonly network: Network;
  readonly compactor: Compactor;
  readonly logins: Logins;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly propose: (command: Command) => Promise<unknown>;
  /** The cluster has another version now; `isLower`: it is on its way back. */
  readonly onClusterVersion: (isLower: boolean) => void;
  /** The cluster has removed this member, a while ago. */
  readonly onSelfRemoved: () => void;
}

/** What follows outside the replicated state from what was applied to it. */
export class FactReactions {
  readonly #options: FactReactionsOptions;

  constructor(options: FactReactionsOptions) {
    this.#options = options;
  }

  onFacts(facts: readonly Fact[]): void {
    for (const fact of facts) this.#on(fact);
  }

  /** Asks the cluster to refuse what would need more space. */
  raiseNoSpace(): void {
    const { selfId, logger, propose } = this.#options;
    propose({ alarm: { action: 1, memberID: selfId, alarm: 1 } }).catch((error: unknown) => {
      logger.warn("failed to raise alarm", { alarm: "NOSPACE", error: String(error) });
    });
  }

  #on(fact: Fact): void {
    const { selfId, network, compactor, logins, logger, onClusterVersion } = this.#options;
    switch (fact.kind) {
      case "member-added":
        if (fact.member.id !== selfId) network.addPeer(fact.member);
        break;
      case "member-updated":
        if (fact.member.id !== selfId) network.updatePeer(fact.member);
        break;
      case "member-removed":
        this.#onMemberRemoved(fact.id);
        break;
      case "compaction-scheduled":
        compactor.start();
        break;
      case "quota-exceeded":
        this.raiseNoSpace();
        break;
      case "cluster-version-changed":
        logger.info("updated cluster version", { from: fact.previous, to: fact.version });
        onClusterVersion(isLower(fact.version, fact.previous));
        break;
      case "auth-enabled":
        logger.info("enabled authentication");
        break;
      case "auth-disabled":
        logins.clear();
        logger.info("disabled authentication");
        break;
      case "logged-in":
        logins.add(fact.username, fact.token);
        break;
      case "logins-ended":
        logins.end(fact.username);
        break;
      case "member-promoted":
      case "member-attributes-changed":
      case "downgrade-changed":
      case "lease-granted":
      case "lease-revoked":
      case "alarm-raised":
      case "alarm-cleared":
        break;
    }
  }

  #onMemberRemoved(id: NodeId): void {
    const { selfId, network, clock, logger, onSelfRemoved } = this.#options;
    logger.info("removed member", { "removed-remote-peer-id": hexId(id) });
    // Messages that are on their way may still be needed by the others.
    if (id === selfId) clock.after(REMOVED_GRACE_MS, onSelfRemoved);
    else network.removePeer(id);
  }
}

function isLower(version: string, previous: string | undefined): boolean {
  const [to, from] = [parseStored(version), parseStored(previous ?? "")];
  return to !== undefined && from !== undefined && isBefore(to, from);
}
