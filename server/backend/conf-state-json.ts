import { parseIdJson } from "../base/id-json.ts";
import type { NodeId } from "../base/ids.ts";
import type { ConfState } from "../proto/raft-message.ts";

interface ConfStateJson {
  readonly voters?: readonly NodeId[];
  readonly learners?: readonly NodeId[];
  readonly voters_outgoing?: readonly NodeId[];
  readonly learners_next?: readonly NodeId[];
  readonly auto_leave?: boolean;
}

/** Row `confState` of bucket meta as etcd writes it: empty lists are left out, ids are numbers beyond 2^53. */
export function confStateJson(state: ConfState): Uint8Array {
  const lists = [
    list("voters", state.voters),
    list("learners", state.learners),
    list("voters_outgoing", state.votersOutgoing),
    list("learners_next", state.learnersNext),
  ].join("");
  return new TextEncoder().encode(`{${lists}"auto_leave":${state.autoLeave}}`);
}

/** The inverse of `confStateJson`. */
export function parseConfState(row: Uint8Array): ConfState {
  const json = parseIdJson(new TextDecoder().decode(row)) as ConfStateJson;
  return {
    voters: json.voters ?? [],
    learners: json.learners ?? [],
    votersOutgoing: json.voters_outgoing ?? [],
    learnersNext: json.learners_next ?? [],
    autoLeave: json.auto_leave ?? false,
  };
}

function list(name: string, ids: readonly NodeId[]): string {
  return ids.length === 0 ? "" : `"${name}":[${ids.join(",")}],`;
}
