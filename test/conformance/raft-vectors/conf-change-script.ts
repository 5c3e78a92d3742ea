import { ConfChangeType } from "../../../server/proto/raft-message.ts";
import type { ConfChangeSingle } from "../../../server/proto/raft-message.ts";
import { changeSimply, enterJoint, leaveJoint } from "../../../server/raft/conf-changer.ts";
import type { ChangeResult, Members, NewMemberOptions } from "../../../server/raft/conf-changer.ts";
import { emptyConfiguration } from "../../../server/raft/configuration.ts";
import { progressStatus } from "../../../server/raft/status.ts";
import { type Directive, valuesOf } from "../../support/data-driven.ts";
import { describeConfiguration, describeProgress } from "./describe-configuration.ts";

const changeTypes: Readonly<Record<string, ConfChangeType>> = {
  v: ConfChangeType.AddNode,
  l: ConfChangeType.AddLearnerNode,
  r: ConfChangeType.RemoveNode,
  u: ConfChangeType.UpdateNode,
};

/** Reads changes such as `v1 l2 r3 u4`. */
export function parseConfChanges(text: string): ConfChangeSingle[] {
  const tokens = text.trim() === "" ? [] : text.trim().split(" ");
  return tokens.map((token) => ({ type: changeTypes[token[0]!]!, nodeId: BigInt(token.slice(1)) }));
}

/** Changes as the vectors write them. */
export function describeConfChanges(changes: readonly ConfChangeSingle[]): string {
  return changes.map(({ type, nodeId }) => `${letterOf(type)}${nodeId}`).join(" ");
}

function letterOf(type: ConfChangeType): string {
  return Object.keys(changeTypes).find((key) => changeTypes[key] === type)!;
}

/** Runs a script of configuration changes; the last index grows with every step. */
export function confChangeScript(): (directive: Directive) => string {
  let members: Members = { configuration: emptyConfiguration, progress: new Map() };
  let lastIndex = 0;
  return (directive) => {
    const result = change(members, directive, { lastIndex, maxInflightMessages: 10, maxInflightBytes: Infinity });
    lastIndex++;
    if ("refused" in result) return result.refused;
    members = result.members;
    const progress = new Map([...members.progress].map(([id, each]) => [id, progressStatus(each)]));
    return `${describeConfiguration(members.configuration)}\n${describeProgress(progress)}`;
  };
}

function change(before: Members, directive: Directive, options: NewMemberOptions): ChangeResult {
  const changes = parseConfChanges(directive.input);
  switch (directive.command) {
    case "simple":
      return changeSimply(before, changes, options);
    case "enter-joint":
      return enterJoint(before, changes, { ...options, autoLeave: valuesOf(directive, "autoleave")[0] === "true" });
    case "leave-joint":
      return changes.length > 0 ? { refused: "this command takes no input" } : leaveJoint(before, options);
    default:
      throw new Error(`unknown command ${directive.command}`);
  }
}
