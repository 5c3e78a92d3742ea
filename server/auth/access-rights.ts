import { DomainError } from "../base/domain-error.ts";
import { Permission_Type as PermissionType, type Permission } from "../proto/gen/auth_pb.js";
import type { AuthRecords } from "./auth-records.ts";
import type { Caller } from "./caller.ts";
import { PermissionRanges, type NamedKeys } from "./permission-ranges.ts";

/** The user and the role that may do everything. */
export const ROOT = "root";

interface UserRanges {
  readonly read: PermissionRanges;
  readonly write: PermissionRanges;
}

/** Who may do what. Every check passes while auth is off, and throws the fault that etcd answers with while it is on. */
export class AccessRights {
  readonly #records: AuthRecords;
  /** Of users that have asked since the last change. */
  readonly #ranges = new Map<string, UserRanges>();

  constructor(records: AuthRecords) {
    this.#records = records;
  }

  /** Users or roles are different now. */
  forget(): void {
    this.#ranges.clear();
  }

  /** Faults: user-empty, auth-old-revision, permission-denied. */
  checkRead(caller: Caller, keys: NamedKeys): void {
    this.#check(caller, keys, "read");
  }

  /** Faults: user-empty, auth-old-revision, permission-denied. */
  checkWrite(caller: Caller, keys: NamedKeys): void {
    this.#check(caller, keys, "write");
  }

  /** Faults: user-empty, user-not-found, permission-denied. */
  checkAdmin(caller: Caller): void {
    if (!this.#records.isEnabled) return;
    if (caller.username === "") throw new DomainError("user-empty");
    const user = this.#records.user(caller.username);
    if (!user) throw new DomainError("user-not-found");
    if (!user.roles.includes(ROOT)) throw new DomainError("permission-denied");
  }

  /** Whether `checkAdmin` passes. */
  isAdmin({ username }: Caller): boolean {
    return !this.#records.isEnabled || (username !== "" && this.hasRole(username, ROOT));
  }

  hasRole(username: string, role: string): boolean {
    return this.#records.user(username)?.roles.includes(role) ?? false;
  }

  #check({ username, revision }: Caller, keys: NamedKeys, way: keyof UserRanges): void {
    if (!this.#records.isEnabled) return;
    if (revision === 0) throw new DomainError("user-empty");
    if (revision < this.#records.revision) throw new DomainError("auth-old-revision");
    const user = this.#records.user(username);
    if (!user) throw new DomainError("permission-denied");
    if (user.roles.includes(ROOT)) return;
    if (!this.#rangesOf(username, user.roles)[way].covers(keys)) throw new DomainError("permission-denied");
  }

  #rangesOf(username: string, roles: readonly string[]): UserRanges {
    const known = this.#ranges.get(username);
    if (known) return known;
    const granted = roles.flatMap((role) => this.#records.role(role)?.keyPermission ?? []);
    const ranges = {
      read: new PermissionRanges(granted.filter(includes(PermissionType.READ))),
      write: new PermissionRanges(granted.filter(includes(PermissionType.WRITE))),
    };
    this.#ranges.set(username, ranges);
    return ranges;
  }
}

function includes(way: PermissionType): (permission: Permission) => boolean {
  return ({ permType }) => permType === way || permType === PermissionType.READWRITE;
}
