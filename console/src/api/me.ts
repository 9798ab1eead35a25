import type { Caller } from "@slipway/contracts/api/users.ts";
import type { Permission } from "@slipway/contracts/permissions.ts";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { getJson } from "./request.ts";

const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => getJson<Caller>("/api/v1/me", signal),
  staleTime: 30_000,
});

/** The user who is signed in; undefined while that is not known, null for a key that is nobody's. */
export function useUserId(): string | null | undefined {
  return useQuery(meQuery).data?.userId;
}

/** True when whoever is signed in is known to be permitted this. The server decides; this only hides what it would refuse. */
export function usePermitted(permission: Permission): boolean {
  return useQuery(meQuery).data?.permissions.includes(permission) ?? false;
}
