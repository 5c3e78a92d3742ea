import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { GenService, GenServiceMethods } from "@bufbuild/protobuf/codegenv2";
import {
  Server,
  ServerCredentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { onTestFinished } from "vitest";
import { Membership } from "../../server/proto/gen/kvorum_membership_pb.js";
import { Cluster, KV, Maintenance } from "../../server/proto/gen/rpc_pb.js";
import { RpcError } from "../../server/rpc/status.ts";

type Answer<M> = M extends {
  methodKind: infer K;
  input: infer I extends DescMessage;
  output: infer O extends DescMessage;
}
  ? K extends "unary"
    ? (request: MessageShape<I>) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : K extends "server_streaming"
      ? (request: MessageShape<I>) => AsyncIterable<MessageInitShape<O>>
      : never
  : never;
type Answers<S> = S extends GenService<infer M> ? { readonly [K in keyof M]?: Answer<M[K]> } : never;

/** What a fake member says, by method; what is not given is unimplemented. A thrown RpcError is its answer, too. */
export interface FakeAnswers {
  readonly kv?: Answers<typeof KV>;
  readonly cluster?: Answers<typeof Cluster>;
  readonly maintenance?: Answers<typeof Maintenance>;
  readonly membership?: Answers<typeof Membership>;
}

/** A member that says what the test wants, over the real wire. */
export interface FakeEtcd {
  /** `127.0.0.1:port`. */
  readonly endpoint: string;
  /** Names of the methods that were called, in order. */
  readonly calls: readonly string[];
  readonly stop: () => void;
}

/** Starts one on a free port; it ends with the test. */
export async function fakeEtcd(
  answers: FakeAnswers,
  options: { readonly tls?: { readonly cert: Buffer; readonly key: Buffer } } = {},
): Promise<FakeEtcd> {
  const server = new Server();
  const calls: string[] = [];
  const add = <M extends GenServiceMethods>(service: GenService<M>, given: object = {}): void => {
    const methods = given as Record<string, ((request: unknown) => unknown) | undefined>;
    const definition: Record<string, ServiceDefinition[string]> = {};
    const implementation: Record<
      string,
      handleUnaryCall<unknown, unknown> | handleServerStreamingCall<unknown, unknown>
    > = {};
    for (const method of service.methods) {
      const answer = methods[method.localName];
      if (!answer) continue;
      definition[method.name] = definitionOf(method);
      implementation[method.name] =
        method.methodKind === "unary" ? unary(method, answer, calls) : stream(method, answer, calls);
    }
    if (Object.keys(definition).length > 0) server.addService(definition, implementation);
  };
  add(KV, answers.kv);
  add(Cluster, answers.cluster);
  add(Maintenance, answers.maintenance);
  add(Membership, answers.membership);
  const { tls } = options;
  const credentials = tls
    ? ServerCredentials.createSsl(null, [{ private_key: tls.key, cert_chain: tls.cert }])
    : ServerCredentials.createInsecure();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  onTestFinished(() => server.forceShutdown());
  return { endpoint: `127.0.0.1:${String(port)}`, calls, stop: () => server.forceShutdown() };
}

function definitionOf(method: DescMethod): ServiceDefinition[string] {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (response: MessageInitShape<DescMessage>) =>
      Buffer.from(toBinary(method.output, create(method.output, response))),
    responseDeserialize: () => undefined,
  };
}

function unary(
  method: DescMethod,
  answer: (request: unknown) => unknown,
  calls: string[],
): handleUnaryCall<unknown, unknown> {
  return (call, callback) => {
    calls.push(method.name);
    Promise.resolve()
      .then(() => answer(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(statusOf(error)),
      );
  };
}

function stream(
  method: DescMethod,
  answer: (request: unknown) => unknown,
  calls: string[],
): handleServerStreamingCall<unknown, unknown> {
  return (call) => {
    calls.push(method.name);
    const send = async (): Promise<void> => {
      for await (const response of answer(call.request) as AsyncIterable<unknown>) {
        if (call.cancelled) return;
        if (!call.write(response)) await new Promise((resolve) => call.once("drain", resolve));
      }
      call.end();
    };
    send().catch((error: unknown) => call.emit("error", statusOf(error)));
  };
}

function statusOf(error: unknown): { code: number; details: string } {
  if (error instanceof RpcError) return { code: error.code, details: error.message };
  return { code: 2, details: String(error) };
}
