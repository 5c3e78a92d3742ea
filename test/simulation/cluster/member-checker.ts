import { Violation } from "./history.ts";
import type { SimulatedMember } from "./simulated-member.ts";

/** The members of the cluster as its leader knows them, and whether they all run and have the same log. */
export function hasSettled(all: readonly SimulatedMember[]): {
  readonly isSettled: boolean;
  readonly why: string;
  readonly members: readonly SimulatedMember[];
} {
  const leader = all.find(({ node }) => node?.leadership.isLeader === true)?.node;
  if (!leader) return { isSettled: false, why: "no leader", members: [] };
  const { commitIndex } = leader.raftStatus;
  const members: SimulatedMember[] = [];
  for (const { id, name, peerUrls } of leader.members.list()) {
    const member = all.find((candidate) => candidate.id === id && candidate.isAlive);
    // A machine that was never given to a member that was added: it cannot have data.
    if (!member && name === "" && !all.some(({ peerUrl }) => peerUrls.includes(peerUrl))) continue;
    if (!member?.node) return { isSettled: false, why: `${name || String(id)} does not run`, members };
    const { appliedIndex } = member.node.raftStatus;
    if (appliedIndex !== commitIndex) {
      const why = `${member.name} has applied ${String(appliedIndex)} of ${String(commitIndex)}`;
      return { isSettled: false, why, members };
    }
    members.push(member);
  }
  return { isSettled: true, why: "", members };
}

/** All members are at the same revision and have the same HashKV there. */
export async function checkMembersEqual(members: readonly SimulatedMember[]): Promise<void> {
  const found = await Promise.all(
    members.map(async ({ name, node }) => {
      if (!node) throw new Violation(`${name} has ended`);
      const { currentRevision, compactRevision } = node.machine.mvcc;
      const { hash } = await node.hashKv(currentRevision);
      return {
        name,
        text: `revision ${String(currentRevision)}, compacted ${String(compactRevision)}, hash ${String(hash)}`,
      };
    }),
  );
  const [first] = found;
  for (const { name, text } of found) {
    if (first && text !== first.text) throw new Violation(`${name} has ${text}; ${first.name} has ${first.text}`);
  }
}
