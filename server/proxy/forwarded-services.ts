import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Auth, Maintenance } from "../proto/gen/rpc_pb.js";
import { Election } from "../proto/gen/v3election_pb.js";
import { Lock } from "../proto/gen/v3lock_pb.js";
import { bindService, type BoundMethod, type StreamCall } from "../rpc/service.ts";
import type { Method, Upstream, UpstreamResponses } from "./upstream.ts";

/** Services that the proxy passes on as they are: Auth, Maintenance, Lock and Election. Their keys know no namespace, as in etcd. */
export function forwardedServices(upstream: Upstream): readonly BoundMethod[] {
  const { snapshot, ...maintenance } = Maintenance.method;
  const { observe, ...election } = Election.method;
  return [
    ...bindService(Auth, forwardAll(upstream, Auth.method)),
    ...bindService(Lock, forwardAll(upstream, Lock.method)),
    ...bindService(Maintenance, {
      ...forwardAll(upstream, maintenance),
      snapshot: (call) => forwardStream(upstream, snapshot, call),
    }),
    ...bindService(Election, {
      ...forwardAll(upstream, election),
      observe: (call) => forwardStream(upstream, observe, call),
    }),
  ];
}

type UnaryMethods = Readonly<Record<string, Method<"unary", DescMessage, DescMessage>>>;

type Forwarded<Methods extends UnaryMethods> = {
  readonly [Name in keyof Methods]: (
    request: MessageShape<Methods[Name]["input"]>,
    call: Parameters<Upstream["unary"]>[2] & {},
  ) => Promise<MessageShape<Methods[Name]["output"]>>;
};

/** Each method asks the cluster for the same one. */
function forwardAll<Methods extends UnaryMethods>(upstream: Upstream, methods: Methods): Forwarded<Methods> {
  const forwarded = Object.entries(methods).map(([name, method]) => [
    name,
    (request: MessageShape<DescMessage>, call: Parameters<Upstream["unary"]>[2]) =>
      upstream.unary(method, request, call),
  ]);
  return Object.fromEntries(forwarded) as Forwarded<Methods>;
}

async function forwardStream<I extends DescMessage, O extends DescMessage>(
  upstream: Upstream,
  method: Method<"server_streaming", I, O>,
  call: StreamCall<MessageShape<I>, MessageShape<O>>,
): Promise<void> {
  for await (const request of call.requests) {
    const responses: UpstreamResponses<MessageShape<O>> = upstream.serverStream(method, request, call);
    for await (const response of responses) if (!call.send(response)) await call.drained();
  }
}
