import {
  create,
  fromBinary,
  toBinary,
  toJson,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
  type DescMessage,
} from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { Auth, Cluster, KV, Lease, Maintenance } from "../../../server/proto/gen/rpc_pb.js";
import { bytes } from "../../support/etcd-client.ts";

const KEYS = 100;
const PASSWORD = "root's";
const TIMEOUT_MS = 60_000;

/** A member with some data and authentication on: whoever comes without a token can change nothing. */
export class GuardedMember {
  readonly #client: Client;

  constructor(url: string) {
    this.#client = new Client(new URL(url).host, credentials.createInsecure());
  }

  /** Fills it, and locks it. */
  async prepare(): Promise<void> {
    for (let i = 0; i < KEYS; i++) await this.put(`key ${String(i)}`, `value ${String(i)}`);
    await this.#call(Lease.method.leaseGrant, { ID: 7n, TTL: 100_000n });
    // Anybody may revoke a lease that holds no key.
    await this.#call(KV.method.put, { key: bytes("leased"), lease: 7n });
    await this.#call(Auth.method.userAdd, { name: "root", password: PASSWORD });
    await this.#call(Auth.method.roleAdd, { name: "root" });
    await this.#call(Auth.method.userGrantRole, { user: "root", role: "root" });
    await this.#call(Auth.method.authEnable, {});
  }

  async put(key: string, value: string): Promise<void> {
    await this.#call(KV.method.put, { key: bytes(key), value: bytes(value) });
  }

  /** All that may not change, as text: data, leases, members, alarms, users, roles. */
  async state(): Promise<string> {
    const answers = [
      [KV.method.range, await this.#call(KV.method.range, { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) })],
      [Maintenance.method.hashKV, await this.#call(Maintenance.method.hashKV, {})],
      [Maintenance.method.alarm, await this.#call(Maintenance.method.alarm, {})],
      [Lease.method.leaseLeases, await this.#call(Lease.method.leaseLeases, {})],
      [Cluster.method.memberList, await this.#call(Cluster.method.memberList, {})],
      [Auth.method.authStatus, await this.#call(Auth.method.authStatus, {})],
      [Auth.method.userList, await this.#call(Auth.method.userList, {})],
      [Auth.method.roleList, await this.#call(Auth.method.roleList, {})],
    ] as const;
    return (
      answers
        .map(([method, message]) => JSON.stringify(toJson(method.output as DescMessage, message)))
        .join("\n")
        // Who leads may have been elected anew; that is no change of what is stored.
        .replaceAll(/"raftTerm":"\d+",?/g, "")
    );
  }

  /** Who it is, for those who pretend to be its peers. */
  async identity(): Promise<{ readonly selfId: bigint; readonly clusterId: bigint }> {
    const { header } = await this.#call(Maintenance.method.status, {});
    return { selfId: header?.memberId ?? 0n, clusterId: header?.clusterId ?? 0n };
  }

  close(): void {
    this.#client.close();
  }

  /** With a token as soon as one can be had. */
  async #call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const token = await this.#raw(Auth.method.authenticate, { name: "root", password: PASSWORD }).then(
      (answer) => answer.token,
      () => undefined,
    );
    return this.#raw(method, request, token);
  }

  #raw<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    token?: string,
  ): Promise<MessageShape<O>> {
    const metadata = new Metadata();
    if (token !== undefined) metadata.set("token", token);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest<Uint8Array, Buffer>(
        `/${method.parent.typeName}/${method.name}`,
        (message) => Buffer.from(message),
        (buffer) => buffer,
        toBinary(method.input, create(method.input, request)),
        metadata,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, response) => {
          if (response === undefined) reject(error ?? new Error("no answer"));
          else resolve(fromBinary(method.output, response));
        },
      );
    });
  }
}
