import { readFileSync } from "node:fs";
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Client, credentials, type ChannelCredentials, type ServiceError } from "@grpc/grpc-js";
import {
  Cluster,
  KV,
  Maintenance,
  type HashKVResponse,
  type MemberListResponse,
  type PutResponse,
  type RangeResponse,
  type StatusResponse,
} from "../../server/proto/gen/rpc_pb.js";

const encoder = new TextEncoder();

/** The bytes of a text, as keys and values are. */
export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of a failed call as etcd words it, without the code before it. */
export function details(error: unknown): string {
  return (error as Partial<ServiceError>).details ?? String(error);
}

/** The authority that signed the servers' certificates, and the certificate that the client shows them. */
export interface ClientTls {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/**
 * One endpoint, with no retries of its own: a harness has to see every failure. It reconnects at once, so that a
 * member that is back is used again.
 */
export class EtcdClient {
  readonly url: string;
  readonly #client: Client;

  /** Without `tls` an https server is believed whatever its certificate says: it made it itself. */
  constructor(url: string, tls?: ClientTls) {
    this.url = url;
    const { host, protocol } = new URL(url);
    this.#client = new Client(host, channelCredentials(protocol, tls), {
      "grpc.initial_reconnect_backoff_ms": 50,
      "grpc.min_reconnect_backoff_ms": 50,
      "grpc.max_reconnect_backoff_ms": 100,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      // An address is no server name, and Node refuses it as one.
      ...(protocol === "https:" && { "grpc.ssl_target_name_override": "localhost" }),
    });
  }

  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    timeoutMs = 5000,
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<MessageShape<I>, MessageShape<O>>(
        `/${method.parent.typeName}/${method.name}`,
        (message) => Buffer.from(toBinary(method.input, message)),
        (buffer) => fromBinary(method.output, buffer),
        create(method.input, request),
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (response === undefined) reject(error ?? new Error("no response"));
          else resolve(response);
        },
      );
    });
  }

  put(key: string, value: string, timeoutMs?: number): Promise<PutResponse> {
    return this.call(KV.method.put, { key: bytes(key), value: bytes(value) }, timeoutMs);
  }

  range(request: MessageInitShape<typeof KV.method.range.input>, timeoutMs?: number): Promise<RangeResponse> {
    return this.call(KV.method.range, request, timeoutMs);
  }

  status(timeoutMs?: number): Promise<StatusResponse> {
    return this.call(Maintenance.method.status, {}, timeoutMs);
  }

  hashKv(revision: bigint, timeoutMs?: number): Promise<HashKVResponse> {
    return this.call(Maintenance.method.hashKV, { revision }, timeoutMs);
  }

  members(timeoutMs?: number): Promise<MemberListResponse> {
    return this.call(Cluster.method.memberList, { linearizable: false }, timeoutMs);
  }

  close(): void {
    this.#client.close();
  }
}

function channelCredentials(protocol: string, tls: ClientTls | undefined): ChannelCredentials {
  if (protocol !== "https:") return credentials.createInsecure();
  if (!tls) return credentials.createSsl(undefined, undefined, undefined, { rejectUnauthorized: false });
  return credentials.createSsl(readFileSync(tls.caFile), readFileSync(tls.keyFile), readFileSync(tls.certFile));
}
