import { create, fromBinary, toBinary, type DescMethod, type MessageInitShape } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type handleUnaryCall, type ServiceDefinition } from "@grpc/grpc-js";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { PORTS } from "../../operator/types/names.ts";
import { Membership } from "../../server/proto/gen/kvorum_membership_pb.js";
import { Cluster, KV, Maintenance } from "../../server/proto/gen/rpc_pb.js";
import { RpcError } from "../../server/rpc/status.ts";
import type { SimulatedMembers } from "../simulation/operator/controllers/simulated-members.ts";

/** The methods that the operator calls, each with the part of a client that has it. */
const METHODS: readonly (readonly [part: string, method: DescMethod])[] = [
  ["kv", KV.method.range],
  ["maintenance", Maintenance.method.status],
  ["maintenance", Maintenance.method.moveLeader],
  ["cluster", Cluster.method.memberList],
  ["cluster", Cluster.method.memberAdd],
  ["cluster", Cluster.method.memberPromote],
  ["cluster", Cluster.method.memberRemove],
  ["membership", Membership.method.replace],
];

type Definition = Record<string, ServiceDefinition[string]>;
type Parts = Readonly<Record<string, Readonly<Record<string, (request: unknown) => Promise<object>>>>>;

/** Simulated members behind real sockets: each pod's address is one of this machine's own, with both ports of a member. */
export class MemberEndpoints {
  readonly #members: SimulatedMembers;
  readonly #grpc = new Server();
  readonly #addresses = new Set<string>();

  constructor(members: SimulatedMembers) {
    this.#members = members;
    const services = new Map<string, [Definition, Record<string, handleUnaryCall<unknown, unknown>>]>();
    for (const [part, method] of METHODS) {
      const [definition, handlers] = services.get(method.parent.typeName) ?? [{}, {}];
      definition[method.name] = definitionOf(method);
      handlers[method.name] = this.#handler(part, method);
      services.set(method.parent.typeName, [definition, handlers]);
    }
    for (const [definition, handlers] of services.values()) this.#grpc.addService(definition, handlers);
  }

  /** Listens at the addresses of pods that have come up. */
  async listen(): Promise<void> {
    for (const { ip } of this.#members.processes.values()) {
      if (this.#addresses.has(ip)) continue;
      this.#addresses.add(ip);
      await new Promise<void>((resolve, reject) => {
        const done = (error: Error | null): void => (error ? reject(error) : resolve());
        this.#grpc.bindAsync(`${ip}:${String(PORTS.client)}`, ServerCredentials.createInsecure(), done);
      });
      const http = createServer((request, response) => void this.#serve(request, response));
      await new Promise<void>((resolve) => http.listen(PORTS.peer, ip, resolve));
      http.unref();
    }
  }

  close(): void {
    this.#grpc.forceShutdown();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
    try {
      const url = `http://${request.socket.localAddress ?? ""}${request.url ?? "/"}`;
      const { status, text } = await this.#members.askPeer(url, body === "" ? {} : { body });
      response.writeHead(status).end(text);
    } catch {
      // The pod is gone.
      request.socket.destroy();
    }
  }

  #handler(part: string, method: DescMethod): handleUnaryCall<unknown, unknown> {
    return (call, callback) => {
      const client = this.#members.clients.of(`http://${call.getHost()}`) as unknown as Parts;
      const answer = client[part]?.[method.localName]?.(call.request) ?? Promise.resolve({});
      answer.then(
        (response) => callback(null, response),
        (error: unknown) => {
          const { code, message } = error instanceof RpcError ? error : { code: 2, message: String(error) };
          callback({ code, details: message });
        },
      );
    };
  }
}

function definitionOf(method: DescMethod): ServiceDefinition[string] {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (response: MessageInitShape<typeof method.output> | undefined) =>
      Buffer.from(toBinary(method.output, create(method.output, response ?? {}))),
    responseDeserialize: () => undefined,
  };
}
