import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { AUTH } from "../backend/buckets.ts";
import { readUint64, uint64Bytes } from "../backend/uint64.ts";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import { equalBytes } from "../base/bytes.ts";
import { RoleSchema, UserSchema, type Role, type User } from "../proto/gen/auth_pb.js";
import { compareNames, nameBytes, nameOf } from "./name-order.ts";

/** The buckets whose rows these are. */
export type AuthBucket = "auth" | "authRoles" | "authUsers";

const ON = Uint8Array.of(1);
const OFF = Uint8Array.of(0);

/**
 * Users, roles, whether auth is on, and its revision: all in memory, and in etcd's rows. Records are replaced, never changed.
 */
export class AuthRecords {
  readonly #buffer: WriteBuffer;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, Role>();
  #isEnabled = false;
  #revision = 0;

  constructor(buffer: WriteBuffer) {
    this.#buffer = buffer;
  }

  get isEnabled(): boolean {
    return this.#isEnabled;
  }

  get revision(): number {
    return this.#revision;
  }

  /** A row of one of the three buckets. */
  load(bucket: AuthBucket, key: Uint8Array, value: Uint8Array): void {
    if (bucket === "authUsers") this.#users.set(nameOf(key), fromBinary(UserSchema, value));
    else if (bucket === "authRoles") this.#roles.set(nameOf(key), fromBinary(RoleSchema, value));
    else if (equalBytes(key, AUTH.enabled)) this.#isEnabled = equalBytes(value, ON);
    else if (equalBytes(key, AUTH.revision)) this.#revision = readUint64(value);
  }

  setEnabled(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
    this.#buffer.put("auth", AUTH.enabled, isEnabled ? ON : OFF);
  }

  bumpRevision(): void {
    this.#revision++;
    this.#buffer.put("auth", AUTH.revision, uint64Bytes(this.#revision));
  }

  user(name: string): User | undefined {
    return this.#users.get(name);
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  get users(): Iterable<User> {
    return this.#users.values();
  }

  /** In the order of their rows. */
  get userNames(): string[] {
    return [...this.#users.keys()].toSorted(compareNames);
  }

  /** In the order of their rows. */
  get roleNames(): string[] {
    return [...this.#roles.keys()].toSorted(compareNames);
  }

  putUser(user: User): void {
    this.#users.set(nameOf(user.name), user);
    this.#buffer.put("authUsers", user.name, toBinary(UserSchema, user));
  }

  deleteUser(name: string): void {
    this.#users.delete(name);
    this.#buffer.delete("authUsers", nameBytes(name));
  }

  putRole(role: Role): void {
    this.#roles.set(nameOf(role.name), role);
    this.#buffer.put("authRoles", role.name, toBinary(RoleSchema, role));
  }

  deleteRole(name: string): void {
    this.#roles.delete(name);
    this.#buffer.delete("authRoles", nameBytes(name));
  }
}
