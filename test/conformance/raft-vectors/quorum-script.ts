import type { Index, NodeId } from "../../../server/base/ids.ts";
import { jointCommittedIndex, jointVoteResult, jointVoters } from "../../../server/raft/quorum-joint.ts";
import { majorityCommittedIndex, majorityVoteResult } from "../../../server/raft/quorum-majority.ts";
import type { VoteResult } from "../../../server/raft/quorum-majority.ts";
import { sortedIds } from "../../../server/raft/sorted-ids.ts";
import { type Directive, valuesOf } from "../../support/data-driven.ts";

const voteNames: Readonly<Record<VoteResult, string>> = { pending: "VotePending", lost: "VoteLost", won: "VoteWon" };

interface Quorum {
  readonly incoming: ReadonlySet<NodeId>;
  readonly outgoing: ReadonlySet<NodeId>;
  readonly isJoint: boolean;
}

/** Runs one directive about majorities: which index is committed, who wins a vote. */
export function quorumScript(): (directive: Directive) => string {
  return (directive) => {
    const outgoing = valuesOf(directive, "cfgj");
    const quorum: Quorum = {
      incoming: new Set(ids(valuesOf(directive, "cfg"))),
      outgoing: new Set(outgoing[0] === "zero" ? [] : ids(outgoing)),
      isJoint: outgoing.length > 0,
    };
    const voters = jointVoters(quorum);
    const answers = directive.command === "vote" ? valuesOf(directive, "votes") : valuesOf(directive, "idx");
    const given = answers.filter((answer) => answer !== "");
    if (voters.size !== given.length) {
      const codes = given.map((answer) => ({ _: "0", n: "1", y: "2" })[answer] ?? answer);
      const map = sortedIds(voters).map((id) => `${id}:{}`);
      return `error: mismatched input (explicit or _) for voters map[${map.join(" ")}]: [${codes.join(" ")}]`;
    }
    const byVoter = new Map(
      [...voters].map((id, i) => [id, given[i]!] as const).filter(([, answer]) => answer !== "_"),
    );
    return directive.command === "vote" ? vote(quorum, byVoter) : committed(quorum, byVoter);
  };
}

function ids(values: readonly string[]): NodeId[] {
  return values.filter((value) => value !== "").map(BigInt);
}

function vote(quorum: Quorum, answers: ReadonlyMap<NodeId, string>): string {
  const votes = new Map([...answers].map(([id, answer]) => [id, answer === "y"]));
  const result = quorum.isJoint ? jointVoteResult(quorum, votes) : majorityVoteResult(quorum.incoming, votes);
  const swapped = jointVoteResult({ incoming: quorum.outgoing, outgoing: quorum.incoming }, votes);
  const warning = swapped === result ? "" : `${voteNames[swapped]} <-- via symmetry\n`;
  return `${warning}${voteNames[result]}`;
}

function committed(quorum: Quorum, answers: ReadonlyMap<NodeId, string>): string {
  const { incoming, outgoing, isJoint } = quorum;
  const acked = new Map([...answers].map(([id, answer]) => [id, Number(answer)]));
  const index = (id: NodeId) => acked.get(id);
  const result = isJoint ? jointCommittedIndex(quorum, index) : majorityCommittedIndex(incoming, index);
  let text = describeAcks(jointVoters(quorum), acked);
  const others: [string, Index][] = isJoint
    ? [["symmetry", jointCommittedIndex({ incoming: outgoing, outgoing: incoming }, index)]]
    : [
        ["zero-joint quorum", jointCommittedIndex({ incoming, outgoing: new Set() }, index)],
        ["self-joint quorum", jointCommittedIndex({ incoming, outgoing: incoming }, index)],
      ];
  for (const [way, other] of others) if (other !== result) text += `${show(other)} <-- via ${way}\n`;
  return `${text}${show(result)}`;
}

function show(index: Index): string {
  return index === Infinity ? "∞" : String(index);
}

function describeAcks(voters: ReadonlySet<NodeId>, acked: ReadonlyMap<NodeId, Index>): string {
  if (voters.size === 0) return "<empty majority quorum>";
  const ascending = sortedIds(voters)
    .map((id) => ({ id, index: acked.get(id) ?? 0 }))
    .toSorted((a, b) => a.index - b.index);
  // The vectors draw a bar only for the first of those with equal indexes.
  const barOf = (id: NodeId) => {
    const at = ascending.findIndex((each) => each.id === id);
    return at > 0 && ascending[at - 1]!.index < ascending[at]!.index ? at : 0;
  };
  const pad = " ".repeat(voters.size);
  let text = `${pad}    idx\n`;
  for (const id of sortedIds(voters)) {
    const index = acked.get(id);
    const bar = barOf(id);
    const mark = index === undefined ? `?${pad}` : `${"x".repeat(bar)}>${" ".repeat(voters.size - bar)}`;
    text += `${mark} ${String(index ?? 0).padStart(5)}    (id=${id})\n`;
  }
  return text;
}
