import type { Role } from "@slipway/contracts/permissions.ts";

/** A person in a tenant. */
export interface StoredUser {
  readonly id: string;
  /** In lower case; one user of the tenant has it. */
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Since when the user and all of the user's keys are out of force. */
  readonly disabledAt: Date | null;
}

/** What may be changed of a user; what is absent stays. */
export interface UserChange {
  readonly name?: string;
  readonly role?: Role;
  readonly disabled?: boolean;
}

export interface Users {
  /** Throws `conflict` when the tenant has a user of this email, `not_found` when there is no such tenant. */
  create(
    tenantId: string,
    user: { readonly id: string; readonly email: string; readonly name: string; readonly role: Role },
  ): Promise<StoredUser>;
  /** Newest first, at most 1,000. */
  list(tenantId: string): Promise<readonly StoredUser[]>;
  get(tenantId: string, userId: string): Promise<StoredUser | undefined>;
  /** Undefined when the tenant has no such user. Throws `last_owner` when the tenant would be left without one. */
  update(tenantId: string, userId: string, change: UserChange): Promise<StoredUser | undefined>;
  /** Removes the user and revokes the user's keys; false when the tenant has no such user. Throws `last_owner` as `update` does. */
  remove(tenantId: string, userId: string): Promise<boolean>;
}
