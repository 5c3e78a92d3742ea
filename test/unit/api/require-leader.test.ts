import { expect, test } from "vitest";
import { requireLeader } from "../../../server/api/require-leader.ts";
import type { Node } from "../../../server/node/node.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import type { BoundMethod, CallContext } from "../../../server/rpc/service.ts";

function methodsWith(leader: bigint) {
  const handled: string[] = [];
  const unary = { kind: "unary", handle: () => handled.push("unary") } as unknown as BoundMethod;
  const stream = { kind: "bidi_streaming", handle: async () => handled.push("stream") } as unknown as BoundMethod;
  const config = { tickMs: 100, electionTicks: 10 };
  const node = { leadership: { leader }, config, clock: new ManualClock() } as unknown as Node;
  return { handled, methods: requireLeader(node, [unary, stream]) };
}

async function call(method: BoundMethod | undefined, hasleader: string | undefined): Promise<unknown> {
  const metadata = (key: string): string | undefined => (key === "hasleader" ? hasleader : undefined);
  const context = { metadata, requests: [] } as unknown as CallContext;
  if (method?.kind === "unary") return method.handle({}, context);
  return method?.handle(context as never);
}

test.each<[bigint, string | undefined, readonly string[]]>([
  [1n, "true", ["unary", "stream"]],
  [0n, undefined, ["unary", "stream"]],
  [0n, "false", ["unary", "stream"]],
])("with leader %s and hasleader %s calls are handled", async (leader, hasleader, expected) => {
  const { handled, methods } = methodsWith(leader);
  for (const method of methods) await call(method, hasleader);
  expect(handled).toEqual(expected);
});

test("without a leader, calls that want one are refused", async () => {
  const { handled, methods } = methodsWith(0n);
  for (const method of methods) await expect(call(method, "true")).rejects.toMatchObject({ fault: "no-leader" });
  expect(handled).toEqual([]);
});
