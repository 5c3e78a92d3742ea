import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { PeerHandlers } from "../ports/peer-handlers.ts";
import type { PeerNetwork } from "./peer-network.ts";

/** What the handlers on the peer port work with. */
export interface PeerPortOptions {
  readonly handlers: PeerHandlers;
  readonly network: PeerNetwork;
  readonly clock: Clock;
  readonly logger: Logger;
}
