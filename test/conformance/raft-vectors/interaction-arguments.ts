import { ConfChangeTransition } from "../../../server/proto/raft-message.ts";
import type { Snapshot } from "../../../server/proto/raft-message.ts";
import type { RaftConfig } from "../../../server/raft/raft-config.ts";
import { type Directive, valuesOf } from "../../support/data-driven.ts";
import { parseConfChanges } from "./conf-change-script.ts";
import type { Interaction } from "./interaction.ts";

const transitions: Readonly<Record<string, ConfChangeTransition>> = {
  auto: ConfChangeTransition.Auto,
  implicit: ConfChangeTransition.JointImplicit,
  explicit: ConfChangeTransition.JointExplicit,
};

/** Adds members with the options that a script names. */
export function addNodes(on: Interaction, directive: Directive): void {
  const number = (key: string) => valuesOf(directive, key).map(Number)[0];
  const is = (key: string) => valuesOf(directive, key)[0] === "true";
  const index = number("index") ?? 0;
  const [content] = valuesOf(directive, "content");
  const confState = {
    voters: valuesOf(directive, "voters").map(BigInt),
    learners: valuesOf(directive, "learners").map(BigInt),
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  };
  const start: Snapshot = {
    data: content === undefined ? undefined : new TextEncoder().encode(content),
    metadata: { index, term: index === 0 ? 0 : 1, confState },
  };
  const config: Omit<RaftConfig, "id" | "storage" | "random"> = {
    electionTicks: 3,
    heartbeatTicks: 1,
    applied: index,
    asyncStorageWrites: is("async-storage-writes"),
    maxSizePerMessage: Infinity,
    maxCommittedSizePerReady: number("max-committed-size-per-ready") ?? 0,
    maxUncommittedEntriesSize: 0,
    maxInflightMessages: number("inflight") ?? 2 ** 31 - 1,
    maxInflightBytes: 0,
    checkQuorum: is("checkquorum"),
    preVote: is("prevote"),
    readOnly: valuesOf(directive, "read-only")[0] === "lease-based" ? "lease-based" : "safe",
    disableProposalForwarding: false,
    disableConfChangeValidation: is("disable-conf-change-validation"),
    stepDownOnRemoval: is("step-down-on-removal"),
  };
  for (let i = 0; i < Number(directive.args[0]!.key); i++) on.add(config, start);
}

/** Proposes the changes that a script names, in either encoding. */
export function proposeConfChange(on: Interaction, directive: Directive): void {
  const { node } = on.member(BigInt(directive.args[0]!.key));
  const changes = parseConfChanges(directive.input);
  if (valuesOf(directive, "v1")[0] === "true") {
    on.check(node.proposeConfChange({ id: 0n, ...changes[0]!, context: undefined }));
  } else {
    const transition = transitions[valuesOf(directive, "transition")[0] ?? "auto"]!;
    on.check(node.proposeConfChange({ transition, changes, context: undefined }));
  }
}
