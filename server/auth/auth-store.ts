import { create } from "@bufbuild/protobuf";
import type { WriteBuffer } from "../backend/write-buffer.ts";
import { compareBytes, equalBytes } from "../base/bytes.ts";
import { DomainError } from "../base/domain-error.ts";
import {
  Permission_Type as PermissionType,
  PermissionSchema,
  RoleSchema,
  UserAddOptionsSchema,
  UserSchema,
  type Permission,
  type Role,
  type User,
} from "../proto/gen/auth_pb.js";
import type {
  AuthRoleGrantPermissionRequest,
  AuthRoleRevokePermissionRequest,
  AuthUserAddRequest,
  AuthUserChangePasswordRequest,
} from "../proto/gen/rpc_pb.js";
import { AccessRights, ROOT } from "./access-rights.ts";
import { AuthRecords, type AuthBucket } from "./auth-records.ts";
import { compareNames, nameBytes } from "./name-order.ts";
import { decodePasswordHash } from "./password-hash.ts";
import { isValidPermission } from "./permission-ranges.ts";

const EMPTY = new Uint8Array();

/**
 * Users, roles and what they may do (etcd auth/store.go). Synchronous and deterministic: hashes and tokens are made by
 * whoever proposes. Each change of users and roles, and switching auth off, makes a new revision; a refused one changes nothing.
 */
export class AuthStore {
  readonly #records: AuthRecords;
  readonly rights: AccessRights;

  constructor(buffer: WriteBuffer) {
    this.#records = new AuthRecords(buffer);
    this.rights = new AccessRights(this.#records);
  }

  /** A row of one of the three buckets. */
  load(bucket: AuthBucket, key: Uint8Array, value: Uint8Array): void {
    this.#records.load(bucket, key, value);
  }

  /** After the last row. A store that never had auth is at revision 1 from its start on, as etcd's. */
  finishLoading(): void {
    if (this.#records.revision === 0) this.#records.bumpRevision();
    this.rights.forget();
  }

  get isEnabled(): boolean {
    return this.#records.isEnabled;
  }

  get revision(): number {
    return this.#records.revision;
  }

  /** Whether it was off. Faults: root-user-not-exist, root-role-not-exist. */
  enable(): boolean {
    if (this.isEnabled) return false;
    const root = this.#records.user(ROOT);
    if (!root) throw new DomainError("root-user-not-exist");
    if (!root.roles.includes(ROOT)) throw new DomainError("root-role-not-exist");
    this.#records.setEnabled(true);
    return true;
  }

  /** Whether it was on. */
  disable(): boolean {
    if (!this.isEnabled) return false;
    this.#records.setEnabled(false);
    this.#records.bumpRevision();
    return true;
  }

  /** Refuses to log in whoever cannot by a password; the password itself was checked before. Faults: auth-not-enabled, auth-failed. */
  checkLogin(name: string): void {
    if (!this.isEnabled) throw new DomainError("auth-not-enabled");
    const user = this.#records.user(name);
    if (!user || hasNoPassword(user)) throw new DomainError("auth-failed");
  }

  /** The hash that a user's password is to be compared with. Faults: auth-not-enabled, auth-failed, no-password-user. */
  passwordHashOf(name: string): Uint8Array {
    if (!this.isEnabled) throw new DomainError("auth-not-enabled");
    const user = this.#records.user(name);
    if (!user) throw new DomainError("auth-failed");
    if (hasNoPassword(user)) throw new DomainError("no-password-user");
    return user.password;
  }

  /** Fault: user-not-found. */
  user(name: string): User {
    const user = this.#records.user(name);
    if (!user) throw new DomainError("user-not-found");
    return user;
  }

  /** In the order of their bytes. */
  get userNames(): string[] {
    return this.#records.userNames;
  }

  /** In the order of their bytes. */
  get roleNames(): string[] {
    return this.#records.roleNames;
  }

  /** What a role grants; root may do everything whatever its row says. Fault: role-not-found. */
  permissionsOf(name: string): readonly Permission[] {
    const role = this.#role(name);
    return name === ROOT ? [rootPermission()] : role.keyPermission;
  }

  /** Faults: user-empty, user-already-exist, no-password-user. */
  addUser({ name, options = create(UserAddOptionsSchema), hashedPassword }: AuthUserAddRequest): void {
    if (name === "") throw new DomainError("user-empty");
    if (this.#records.user(name)) throw new DomainError("user-already-exist");
    const password = options.noPassword ? EMPTY : decodedHash(hashedPassword);
    this.#putUser(create(UserSchema, { name: nameBytes(name), password, options }));
  }

  /** Faults: invalid-auth-management, user-not-found. */
  deleteUser(name: string): void {
    if (this.isEnabled && name === ROOT) throw new DomainError("invalid-auth-management");
    this.user(name);
    this.#records.deleteUser(name);
    this.#changed();
  }

  /** Faults: user-not-found, no-password-user. */
  changePassword({ name, hashedPassword }: AuthUserChangePasswordRequest): void {
    const user = this.user(name);
    this.#putUser({ ...user, password: hasNoPassword(user) ? EMPTY : decodedHash(hashedPassword) });
  }

  /** A role that the user has already is no change. Faults: user-not-found, role-not-found. */
  grantRole(username: string, role: string): void {
    const user = this.user(username);
    // The role of root need not exist.
    if (role !== ROOT) this.#role(role);
    if (user.roles.includes(role)) return;
    this.#putUser({ ...user, roles: [...user.roles, role].toSorted(compareNames) });
  }

  /** Faults: invalid-auth-management, user-not-found, role-not-granted. */
  revokeRole(username: string, role: string): void {
    if (this.isEnabled && username === ROOT && role === ROOT) throw new DomainError("invalid-auth-management");
    const user = this.user(username);
    if (!user.roles.includes(role)) throw new DomainError("role-not-granted");
    this.#putUser(withoutRole(user, role));
  }

  /** Faults: role-empty, role-already-exist. */
  addRole(name: string): void {
    if (name === "") throw new DomainError("role-empty");
    if (this.#records.role(name)) throw new DomainError("role-already-exist");
    this.#putRole(create(RoleSchema, { name: nameBytes(name) }));
  }

  /** Takes it from its users as well. Faults: invalid-auth-management, role-not-found. */
  deleteRole(name: string): void {
    if (this.isEnabled && name === ROOT) throw new DomainError("invalid-auth-management");
    this.#role(name);
    this.#records.deleteRole(name);
    const holders = [...this.#records.users].filter(({ roles }) => roles.includes(name));
    for (const user of holders) this.#records.putUser(withoutRole(user, name));
    this.#changed();
  }

  /** Faults: permission-not-given, invalid-auth-management, role-not-found. */
  grantPermission({ name, perm }: AuthRoleGrantPermissionRequest): void {
    if (!perm) throw new DomainError("permission-not-given");
    if (!isValidPermission(perm)) throw new DomainError("invalid-auth-management");
    const role = this.#role(name);
    const { permType, key, rangeEnd } = perm;
    const granted = create(PermissionSchema, { permType, key: key.slice(), rangeEnd: rangeEnd.slice() });
    this.#putRole({ ...role, keyPermission: withPermission(role.keyPermission, granted) });
  }

  /** Faults: role-not-found, permission-not-granted. */
  revokePermission({ role: name, key, rangeEnd }: AuthRoleRevokePermissionRequest): void {
    const role = this.#role(name);
    const left = role.keyPermission.filter((permission) => !namesSame(permission, { key, rangeEnd }));
    if (left.length === role.keyPermission.length) throw new DomainError("permission-not-granted");
    this.#putRole({ ...role, keyPermission: left });
  }

  #role(name: string): Role {
    const role = this.#records.role(name);
    if (!role) throw new DomainError("role-not-found");
    return role;
  }

  #putUser(user: User): void {
    this.#records.putUser(user);
    this.#changed();
  }

  #putRole(role: Role): void {
    this.#records.putRole(role);
    this.#changed();
  }

  #changed(): void {
    this.#records.bumpRevision();
    this.rights.forget();
  }
}

/** In the order of keys; a permission for the same keys takes the new type. */
function withPermission(permissions: readonly Permission[], granted: Permission): Permission[] {
  // etcd looks at the first permission that begins at the key and no further; others for the same keys stay beside it.
  const at = permissions.findIndex(({ key }) => compareBytes(key, granted.key) >= 0);
  const found = permissions[at];
  if (found && namesSame(found, granted)) return permissions.with(at, granted);
  return [...permissions, granted].toSorted((a, b) => compareBytes(a.key, b.key));
}

function namesSame(permission: Permission, { key, rangeEnd }: Pick<Permission, "key" | "rangeEnd">): boolean {
  return equalBytes(permission.key, key) && equalBytes(permission.rangeEnd, rangeEnd);
}

function withoutRole(user: User, role: string): User {
  return { ...user, roles: user.roles.filter((name) => name !== role) };
}

/** A user from before etcd 3.4 has no options, and a password. */
function hasNoPassword({ options }: User): boolean {
  return options?.noPassword ?? false;
}

/** Empty where none came: nothing matches it then. */
function decodedHash(text: string): Uint8Array {
  const hash = decodePasswordHash(text);
  if (!hash) throw new DomainError("no-password-user");
  return hash;
}

function rootPermission(): Permission {
  return create(PermissionSchema, { permType: PermissionType.READWRITE, key: EMPTY, rangeEnd: Uint8Array.of(0) });
}
