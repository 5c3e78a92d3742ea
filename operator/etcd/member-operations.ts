import type { Client } from "../../server/client/client.ts";
import { hexId, idOfHex, type HexId } from "../types/hex-id.ts";
import { failed, resultOf, succeeded, type EtcdResult } from "./etcd-failure.ts";

/** Reading who is in needs a quorum, which answers at once or not soon. */
const LIST_TIMEOUT_MS = 3000;
/** A change waits for a joint phase to be left; etcd gives a request 5 s and two elections. */
const CHANGE_TIMEOUT_MS = 10_000;

/** A member as the cluster knows it, by a linearizable read. */
export interface EtcdMember {
  readonly id: HexId;
  /** Empty until it has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

interface MemberMessage {
  readonly ID: bigint;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

/** Who is in, as a quorum says; a member alone would say what it last heard. */
export async function listMembers(client: Client): Promise<EtcdResult<readonly EtcdMember[]>> {
  const call = client.cluster.memberList({ linearizable: true }, { timeoutMs: LIST_TIMEOUT_MS });
  const result = await resultOf("listing the members", call);
  return result.ok ? succeeded(result.value.members.map(memberOf)) : result;
}

/**
 * Adds a learner. Safe to repeat after a crash at any moment: if a learner with that peer URL is there, it is the one. A
 * voter at that URL is a Conflict: its successor comes by `replaceMember`.
 */
export async function addLearner(client: Client, peerUrl: string): Promise<EtcdResult<EtcdMember>> {
  const found = await learnerAt(client, peerUrl);
  if (!found.ok || found.value) return found as EtcdResult<EtcdMember>;
  const call = client.cluster.memberAdd({ peerURLs: [peerUrl], isLearner: true }, { timeoutMs: CHANGE_TIMEOUT_MS });
  const added = await resultOf(`adding a learner at ${peerUrl}`, call);
  if (added.ok) {
    const { member } = added.value;
    return member
      ? succeeded(memberOf(member))
      : failed("Unexpected", `adding a learner at ${peerUrl}: no member came`);
  }
  if (added.failure.kind !== "Conflict") return added;
  // Somebody was quicker: an operator before us, whose call took effect after our look.
  const meanwhile = await learnerAt(client, peerUrl);
  return meanwhile.ok && meanwhile.value ? succeeded(meanwhile.value) : added;
}

/** Undefined if nobody is at that URL. */
async function learnerAt(client: Client, peerUrl: string): Promise<EtcdResult<EtcdMember | undefined>> {
  const listed = await listMembers(client);
  if (!listed.ok) return listed;
  const there = listed.value.filter(({ peerUrls }) => peerUrls.includes(peerUrl));
  const learner = there.find(({ isLearner }) => isLearner);
  const [voter] = there;
  if (learner || !voter) return succeeded(learner);
  return failed("Conflict", `adding a learner at ${peerUrl}: the voter ${voter.id} is there`);
}

/** What came of a promotion. */
export type Promotion = "Promoted" | "NotInSync";

/** Gives a learner its vote if the leader finds that it has caught up; one that votes already counts as promoted. */
export async function promoteLearner(client: Client, memberId: HexId): Promise<EtcdResult<Promotion>> {
  const doing = `promoting member ${memberId}`;
  const ID = idOfHex(memberId);
  if (ID === undefined) return badId(doing);
  const call = client.cluster.memberPromote({ ID }, { timeoutMs: CHANGE_TIMEOUT_MS });
  const result = await resultOf(doing, call);
  if (result.ok) return succeeded("Promoted");
  const { message } = result.failure;
  // The text of the second begins with that of the first.
  if (message.includes("which is in sync with leader")) return succeeded("NotInSync");
  if (message.includes("can only promote a learner member")) return succeeded("Promoted");
  return result;
}

/** Takes a member out. One that is gone already is what was wanted. */
export async function removeMember(client: Client, memberId: HexId): Promise<EtcdResult<void>> {
  const doing = `removing member ${memberId}`;
  const ID = idOfHex(memberId);
  if (ID === undefined) return badId(doing);
  const result = await resultOf(doing, client.cluster.memberRemove({ ID }, { timeoutMs: CHANGE_TIMEOUT_MS }));
  return result.ok || result.failure.kind === "NotFound" ? succeeded(undefined) : result;
}

/** Moves leadership to a voter. `leader` must ask the member that leads, and that one alone: nobody else can do it. */
export async function moveLeader(leader: Client, to: HexId): Promise<EtcdResult<void>> {
  const doing = `moving leadership to member ${to}`;
  const targetID = idOfHex(to);
  if (targetID === undefined) return badId(doing);
  const result = await resultOf(doing, leader.maintenance.moveLeader({ targetID }, { timeoutMs: CHANGE_TIMEOUT_MS }));
  return result.ok ? succeeded(undefined) : result;
}

/** How far a replacement is: the successor learns, or it votes and the old member is gone. */
export interface Replacement {
  readonly phase: "Learner" | "Replaced";
  readonly successor: HexId;
}

/**
 * Puts a new member in the place of a voter, at its URL: the first call adds the learner, one after it has caught up swaps
 * the two in one joint change. Call again until it is Replaced. `leader` must ask the member that leads.
 */
export async function replaceMember(leader: Client, old: HexId, peerUrl: string): Promise<EtcdResult<Replacement>> {
  const doing = `replacing member ${old}`;
  const memberId = idOfHex(old);
  if (memberId === undefined) return badId(doing);
  const call = leader.membership.replace({ memberId, peerUrls: [peerUrl] }, { timeoutMs: CHANGE_TIMEOUT_MS });
  const result = await resultOf(doing, call);
  if (result.ok) {
    const { successor } = result.value;
    if (!successor) return failed("Unexpected", `${doing}: no successor came`);
    return succeeded({ phase: successor.isLearner ? "Learner" : "Replaced", successor: hexId(successor.ID) });
  }
  if (result.failure.kind !== "NotFound") return result;
  // The swap that we did not hear of: the old one is gone, and a voter is at its URL.
  const listed = await listMembers(leader);
  const voter = listed.ok
    ? listed.value.find(({ peerUrls, isLearner }) => !isLearner && peerUrls.includes(peerUrl))
    : undefined;
  return voter && voter.id !== old ? succeeded({ phase: "Replaced", successor: voter.id }) : result;
}

function badId(doing: string): EtcdResult<never> {
  return failed("Unexpected", `${doing}: that is no member id in hex`);
}

function memberOf({ ID, name, peerURLs, clientURLs, isLearner }: MemberMessage): EtcdMember {
  return { id: hexId(ID), name, peerUrls: peerURLs, clientUrls: clientURLs, isLearner };
}
