import { create } from "@bufbuild/protobuf";
import { DomainError } from "../../../server/base/domain-error.ts";
import type { Revision } from "../../../server/base/ids.ts";
import type { Random } from "../../../server/base/prng.ts";
import type { Outcome } from "../../../server/apply/outcome.ts";
import type { Node } from "../../../server/node/node.ts";
import type { Command } from "../../../server/node/proposals.ts";
import { RangeRequestSchema, type TxnResponse } from "../../../server/proto/gen/rpc_pb.js";
import type { Change, History } from "./history.ts";
import type { LeaseChecker } from "./lease-checker.ts";
import type { LinearizabilityChecker } from "./linearizability-checker.ts";
import type { SimulatedMember } from "./simulated-member.ts";
import type { VirtualTime } from "./virtual-time.ts";

const KEYS = 6;
const LONGEST_VALUE = 400;
const CLIENT_TIMEOUT_MS = 4000;
const LONGEST_PAUSE_MS = 120;
const COMPACT_BEHIND = 15;

export interface WorkloadOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly history: History;
  readonly linearizability: LinearizabilityChecker;
  readonly leases: LeaseChecker;
  readonly members: () => readonly SimulatedMember[];
}

interface Call {
  readonly by: string;
  readonly node: Node;
  readonly calledAt: number;
  readonly calledMs: number;
  readonly isAnswerable: () => boolean;
}

/** Clients that write, read, compact and hold leases through any member, until they are told to stop. */
export class Workload {
  readonly #options: WorkloadOptions;
  #isStopped = false;
  #values = 0;
  #leases = 0n;
  readonly #recent = new Map<string, string>();
  readonly #held: bigint[] = [];
  readonly counts: Record<string, number> = {};
  readonly faults: Record<string, number> = {};

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  start(clients: number): void {
    for (let client = 0; client < clients; client++) this.#next(`client ${String(client)}`);
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Resolves when a write was acknowledged, false if it was not in time. */
  async writeOnce(member: SimulatedMember): Promise<boolean> {
    const before = this.counts["put"] ?? 0;
    await this.#call("the last writer", member, (call) => this.#put(call));
    return (this.counts["put"] ?? 0) > before;
  }

  #next(by: string): void {
    const { time, random } = this.#options;
    time.after(random.below(LONGEST_PAUSE_MS), () => {
      if (this.#isStopped) return;
      const running = this.#options.members().filter(({ node }) => node !== undefined && !node.isLearner);
      const member = running[random.below(running.length)];
      if (!member) return this.#next(by);
      this.#call(by, member, (call) => this.#operation(call)).then(
        () => {
          this.#next(by);
        },
        (error: unknown) => {
          this.bug ??= error;
        },
      );
    });
  }

  /** An answer that no client expects, or a violation. */
  bug: unknown;

  async #call(by: string, member: SimulatedMember, operation: (call: Call) => Promise<void>): Promise<void> {
    const { time, history } = this.#options;
    const { node, process } = member;
    if (!node || !process) return;
    let isOver = false;
    const call: Call = {
      by: `${by} at ${member.name}, ${time.nowMs.toFixed(0)} ms`,
      node,
      calledAt: history.moment(),
      calledMs: time.nowMs,
      isAnswerable: () => process.isAlive && !isOver,
    };
    const timeout = Promise.withResolvers<undefined>();
    const timer = time.after(CLIENT_TIMEOUT_MS, () => {
      timeout.resolve(undefined);
    });
    try {
      await Promise.race([operation(call), timeout.promise, process.death.catch(() => undefined)]);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.faults[error.fault] = (this.faults[error.fault] ?? 0) + 1;
    } finally {
      isOver = true;
      timer.cancel();
    }
  }

  #operation(call: Call): Promise<void> {
    const dice = this.#options.random.below(100);
    if (dice < 40) return this.#put(call);
    if (dice < 60) return this.#range(call);
    if (dice < 68) return this.#delete(call);
    if (dice < 83) return this.#compareAndPut(call);
    if (dice < 86) return this.#compact(call);
    if (dice < 91) return this.#grant(call);
    if (dice < 98) return this.#renew(call);
    return this.#revoke(call);
  }

  async #put(call: Call): Promise<void> {
    const key = this.#key();
    const value = this.#value();
    await this.#write("put", call, { put: { key: bytes(key), value: bytes(value) } }, () => [{ key, value }]);
    this.#recent.set(key, value);
  }

  async #delete(call: Call): Promise<void> {
    const key = this.#key();
    const deleteRange = { key: bytes(key), prevKv: true };
    await this.#write("delete", call, { deleteRange }, (outcome) =>
      outcome.events.length > 0 ? [{ key, value: undefined }] : [],
    );
  }

  /** Compares with a value that it has heard of, which is often there. */
  async #compareAndPut(call: Call): Promise<void> {
    const key = this.#key();
    const expected = this.#recent.get(key) ?? "none";
    const value = this.#value();
    const target = { result: 0, target: 3, key: bytes(key), targetUnion: { case: "value", value: bytes(expected) } };
    const put = { request: { case: "requestPut", value: { key: bytes(key), value: bytes(value) } } };
    const txn = { compare: [target], success: [put], failure: [] } as NonNullable<Command["txn"]>;
    const outcome = await call.node.propose({ txn });
    const response = await this.#responseOf(call, outcome);
    if (response === undefined || !call.isAnswerable()) return;
    const hasPut = (response as TxnResponse).succeeded;
    this.#answered("txn", call, outcome.revision, {
      changes: hasPut ? [{ key, value }] : [],
      saw: hasPut ? [{ key, value: expected }] : [],
      sawNot: hasPut ? [] : [{ key, value: expected }],
    });
    if (hasPut) this.#recent.set(key, value);
  }

  async #range(call: Call): Promise<void> {
    await call.node.linearizable();
    const request = create(RangeRequestSchema, { key: bytes("k"), rangeEnd: bytes("l") });
    const revision = call.node.machine.mvcc.currentRevision;
    const { kvs } = await call.node.resolve(call.node.machine.mvcc.planRange(request));
    if (!call.isAnswerable()) return;
    const found = new Map(kvs.map((kv) => [text(kv.key), text(kv.value)]));
    const saw = Array.from({ length: KEYS }, (_, key) => ({ key: keyOf(key), value: found.get(keyOf(key)) }));
    this.#answered("range", call, revision, { changes: [], saw, sawNot: [] });
  }

  async #compact(call: Call): Promise<void> {
    const revision = call.node.machine.mvcc.currentRevision - COMPACT_BEHIND;
    if (revision > 1) await this.#write("compact", call, { compaction: { revision: BigInt(revision) } }, () => []);
  }

  async #grant(call: Call): Promise<void> {
    const { random, leases } = this.#options;
    const id = ++this.#leases;
    const ttl = 3 + random.below(4);
    leases.granted(id, ttl, call.calledMs);
    await this.#write("grant", call, { leaseGrant: { ID: id, TTL: BigInt(ttl) } }, () => []);
    if (!call.isAnswerable()) return;
    this.#held.push(id);
    if (this.#held.length > 5) this.#held.shift();
    const key = leases.keyOf(id);
    const value = this.#value();
    const put = { key: bytes(key), value: bytes(value), lease: id };
    const next = { ...call, calledAt: this.#options.history.moment() };
    await this.#write("attach", next, { put }, () => [{ key, value }]);
  }

  async #renew(call: Call): Promise<void> {
    const { random, leases } = this.#options;
    const id = this.#held[random.below(this.#held.length)];
    if (id === undefined) return;
    await call.node.leases.renew(id);
    if (!call.isAnswerable()) return;
    leases.renewed(id, call.calledMs);
    this.#count("renew");
  }

  async #revoke(call: Call): Promise<void> {
    const [id] = this.#held.splice(this.#options.random.below(Math.max(1, this.#held.length)), 1);
    if (id === undefined) return;
    this.#options.leases.revoking(id);
    const key = this.#options.leases.keyOf(id);
    await this.#write("revoke", call, { leaseRevoke: { ID: id } }, (outcome) =>
      outcome.events.length > 0 ? [{ key, value: undefined }] : [],
    );
  }

  async #write(
    kind: string,
    call: Call,
    command: Command,
    changes: (outcome: Outcome) => readonly Change[],
  ): Promise<void> {
    const outcome = await call.node.propose(command);
    const response = await this.#responseOf(call, outcome);
    if (response === undefined || !call.isAnswerable()) return;
    this.#answered(kind, call, outcome.revision, { changes: changes(outcome), saw: [], sawNot: [] });
  }

  async #responseOf(call: Call, { fault, response }: Outcome): Promise<unknown> {
    if (fault !== undefined) throw new DomainError(fault);
    if (!response) throw new Error("a client's request has an answer");
    return call.node.resolve(response);
  }

  #answered(
    kind: string,
    { by, calledAt }: Call,
    revision: Revision,
    claims: Pick<Parameters<LinearizabilityChecker["answered"]>[0], "changes" | "saw" | "sawNot">,
  ): void {
    this.#options.linearizability.answered({ by: `${by}: ${kind}`, calledAt, revision, ...claims });
    this.#count(kind);
  }

  #count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  #key(): string {
    return keyOf(this.#options.random.below(KEYS));
  }

  /** No two are alike. */
  #value(): string {
    return `${String(++this.#values)}-`.padEnd(13 + this.#options.random.below(LONGEST_VALUE), "x");
  }
}

function keyOf(number: number): string {
  return `k${String(number)}`;
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
