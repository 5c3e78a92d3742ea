import { MessageType } from "../../../server/proto/raft-message.ts";
import { type Directive, valuesOf } from "../../support/data-driven.ts";
import { Interaction } from "./interaction.ts";
import { addNodes, proposeConfChange } from "./interaction-arguments.ts";

type Command = (interaction: Interaction, directive: Directive) => void;

/** Runs a script about several members that exchange messages. */
export function interactionScript(): (directive: Directive) => string {
  const interaction = new Interaction();
  return (directive) => {
    const { output } = interaction;
    output.reset();
    const command = commands[directive.command];
    if (command === undefined) throw new Error(`unknown command ${directive.command}`);
    try {
      command(interaction, directive);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "RefusedStep") throw error;
      if (output.isQuiet) return error.message;
      output.write(error.message);
    }
    return output.text === "" ? "ok" : output.text;
  };
}

const commands: Readonly<Record<string, Command>> = {
  "add-nodes": addNodes,
  "propose-conf-change": proposeConfChange,
  campaign: (on, directive) => on.member(first(directive)).node.campaign(),
  compact: (on, directive) => on.compact(first(directive), Number(directive.args[1]!.key)),
  "deliver-msgs": deliver,
  "process-ready": (on, directive) => each(on, directive, "handling Ready", (id) => on.processReady(id)),
  "process-append-thread": (on, directive) =>
    each(on, directive, "processing append thread", (id) => on.processAppend(id)),
  "process-apply-thread": (on, directive) =>
    each(on, directive, "processing apply thread", (id) => on.processApply(id)),
  "log-level": (on, directive) => on.output.setLevel(directive.args[0]!.key),
  "raft-log": (on, directive) => on.showLog(first(directive)),
  "raft-state": (on) => on.showStates(),
  "set-randomized-election-timeout": (on, directive) => {
    const { random, config } = on.member(first(directive));
    random.next = Number(valuesOf(directive, "timeout")[0]) - config.electionTicks;
  },
  stabilize: (on, directive) => {
    on.output.atLevel(valuesOf(directive, "log-level")[0], () => on.stabilize(memberIds(directive)));
  },
  status: (on, directive) => on.showProgress(first(directive)),
  "tick-election": (on, directive) => on.tick(first(directive), "electionTicks"),
  "tick-heartbeat": (on, directive) => on.tick(first(directive), "heartbeatTicks"),
  "transfer-leadership": (on, directive) => {
    const [from, to] = [valuesOf(directive, "from")[0]!, valuesOf(directive, "to")[0]!];
    on.member(BigInt(from)).node.transferLeader(BigInt(to));
  },
  "forget-leader": (on, directive) => on.member(first(directive)).node.forgetLeader(),
  "send-snapshot": (on, directive) => {
    const [from, to] = memberIds(directive);
    on.sendSnapshot(from!, to!);
  },
  propose: (on, directive) => {
    const data = new TextEncoder().encode(directive.args[1]!.key);
    on.check(on.member(first(directive)).node.propose([data]));
  },
  "report-unreachable": (on, directive) => {
    const [by, about] = memberIds(directive);
    on.member(by!).node.reportUnreachable(about!);
  },
};

function first(directive: Directive): bigint {
  return BigInt(directive.args[0]!.key);
}

function memberIds(directive: Directive): bigint[] {
  return directive.args.filter(({ values }) => values.length === 0).map(({ key }) => BigInt(key));
}

function each(on: Interaction, directive: Directive, what: string, act: (id: bigint) => void): void {
  const ids = memberIds(directive);
  for (const id of ids) {
    if (ids.length === 1) {
      act(id);
    } else {
      on.output.line(`> ${id} ${what}`);
      on.output.indented(() => act(id));
    }
  }
}

function deliver(on: Interaction, directive: Directive): void {
  const [typeName] = valuesOf(directive, "type");
  const type = typeName === undefined ? undefined : MessageType[typeName.slice(3) as keyof typeof MessageType];
  const delivered = memberIds(directive).map((id) => on.deliver(id, { type, isDropped: false }));
  const dropped = valuesOf(directive, "drop").map((id) => on.deliver(BigInt(id), { type, isDropped: true }));
  if ([...delivered, ...dropped].every((count) => count === 0)) on.output.line("no messages");
}
